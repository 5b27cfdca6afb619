package voicegateway

// Version is the version of this package, which is also the gateway's that it was released with.
const Version = "0.1.0"
