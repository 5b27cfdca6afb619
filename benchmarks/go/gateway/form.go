package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

type targetItem struct {
	IVR     []string `json:"ivr,omitempty"`
	Sound   []int64  `json:"sound,omitempty"`
	Message *message `json:"message,omitempty"`
}

type message struct {
	Text     string `json:"text"`
	Language string `json:"language,omitempty"`
	Speed    string `json:"speed,omitempty"`
}

type retryRule struct {
	Count    int32    `json:"count"`
	Statuses []string `json:"status"`
}

type callbackTargets struct {
	Profiles []string `json:"callback_profile"`
	URLs     []string `json:"url"`
}

// encode renders a valid request as the provider's form.
func encode(call *pb.OutboundCallRequest, callID string) (string, error) {
	form := url.Values{}
	numbers := make([]string, len(call.GetRecipients()))
	for i, recipient := range call.GetRecipients() {
		numbers[i] = recipient.GetNumber()
	}
	form.Set("to", strings.Join(numbers, ","))
	setText(form, "bridge", call.GetBridge())
	setText(form, "prefix", call.GetPrefix())
	setText(form, "dlrurl", call.GetDlrUrl())
	setText(form, "timeout", call.GetTimeoutJson())
	setText(form, "campaign_name", call.GetCampaignName())
	setText(form, "custom", callID)
	setText(form, "custom", call.GetCustom())
	if at := call.GetScheduleTime(); at != nil {
		form.Set("time", at.AsTime().Format(time.RFC3339))
	}
	if timeout := call.GetTimeout(); timeout != nil {
		form.Set("timeout", strconv.FormatInt(timeout.GetSeconds(), 10))
	}
	if delay := call.GetDelay(); delay != nil {
		form.Set("delay", strconv.FormatInt(delay.GetSeconds(), 10))
	}
	if interval := call.GetRetryInterval(); interval != nil {
		form.Set("interval", strconv.FormatInt(interval.GetSeconds(), 10))
	}
	if err := setJSON(form, "target", target(call)); err != nil {
		return "", err
	}
	if err := setRetry(form, call); err != nil {
		return "", err
	}
	if err := setCallbacks(form, call.GetCallbacks()); err != nil {
		return "", err
	}
	return form.Encode(), nil
}

func target(call *pb.OutboundCallRequest) []targetItem {
	if ivr := call.GetIvr(); ivr != nil {
		return []targetItem{{IVR: []string{ivr.GetFlowId()}}}
	}
	items := make([]targetItem, len(call.GetPlaylist().GetItems()))
	for i, item := range call.GetPlaylist().GetItems() {
		if spoken := item.GetMessage(); spoken != nil {
			items[i].Message = &message{spoken.GetText(), spoken.GetLanguage(), spoken.GetSpeed()}
		} else {
			items[i].Sound = item.GetSounds().GetSoundIds()
		}
	}
	return items
}

func setRetry(form url.Values, call *pb.OutboundCallRequest) error {
	switch retry := call.GetRetry().(type) {
	case *pb.OutboundCallRequest_RetryCount:
		form.Set("retry", strconv.Itoa(int(retry.RetryCount)))
	case *pb.OutboundCallRequest_RetryRules:
		rules := make([]retryRule, len(retry.RetryRules.GetRules()))
		for i, rule := range retry.RetryRules.GetRules() {
			rules[i] = retryRule{Count: rule.GetCount(), Statuses: []string{}}
			for _, status := range rule.GetStatuses() {
				name := strings.TrimPrefix(status.String(), "RETRY_STATUS_")
				rules[i].Statuses = append(rules[i].Statuses, strings.ToLower(name))
			}
		}
		return setJSON(form, "retry", rules)
	}
	return nil
}

func setCallbacks(form url.Values, callbacks *pb.Callbacks) error {
	events := map[string]callbackTargets{}
	for name, event := range map[string]*pb.CallbackTargets{
		"call_start": callbacks.GetCallStart(), "call_answer": callbacks.GetCallAnswer(), "call_end": callbacks.GetCallEnd(),
	} {
		if event != nil {
			events[name] = callbackTargets{append([]string{}, event.GetProfileIds()...), append([]string{}, event.GetUrls()...)}
		}
	}
	if len(events) == 0 {
		return nil
	}
	return setJSON(form, "callback", events)
}

func setText(form url.Values, name, value string) {
	if value != "" {
		form.Set(name, value)
	}
}

func setJSON(form url.Values, name string, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	form.Set(name, strings.TrimSuffix(text.String(), "\n"))
	return nil
}
