package main

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

// call is what every request asks for: one recipient and one spoken message, with the settings that a reminder has.
// It is only read, so all calls in flight share it.
var call = &pb.OutboundCallRequest{
	Recipients: []*pb.Recipient{{Number: "+13236550107"}},
	Bridge:     "+13236550100",
	Target: &pb.OutboundCallRequest_Playlist{Playlist: &pb.Playlist{Items: []*pb.PlaylistItem{
		{Item: &pb.PlaylistItem_Message{Message: &pb.SpokenMessage{
			Text:     "Your appointment is tomorrow at ten. Press one to confirm.",
			Language: "en-US",
			Speed:    "medium",
		}}},
	}}},
	Retry:         &pb.OutboundCallRequest_RetryCount{RetryCount: 2},
	RetryInterval: durationpb.New(30 * time.Second),
	Start:         &pb.OutboundCallRequest_Delay{Delay: durationpb.New(5 * time.Second)},
	Callbacks:     &pb.Callbacks{CallEnd: &pb.CallbackTargets{Urls: []string{"https://example.com/reports"}}},
	Custom:        "reminder8816",
}

func request(run int64, worker, number int) *pb.PlaceCallRequest {
	return &pb.PlaceCallRequest{RequestId: fmt.Sprintf("bench-%d-%d-%d", run, worker, number), Call: call}
}
