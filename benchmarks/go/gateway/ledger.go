package main

import (
	"context"
	"database/sql"
	"net/url"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	_ "modernc.org/sqlite" // in Go alone: it needs no C compiler, and here it was as fast as the driver that does

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

const (
	create = `CREATE TABLE IF NOT EXISTS calls (
		account TEXT NOT NULL, request_id TEXT NOT NULL, call_id TEXT NOT NULL UNIQUE, content BLOB NOT NULL,
		dispatch INTEGER NOT NULL, reason INTEGER NOT NULL, reply BLOB, created INTEGER NOT NULL, updated INTEGER NOT NULL,
		PRIMARY KEY (account, request_id)
	) STRICT`
	giveUp = `UPDATE calls SET dispatch = ?, reason = ? WHERE dispatch = ?`
	insert = `INSERT INTO calls (account, request_id, call_id, content, dispatch, reason, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, request_id) DO NOTHING`
	find = `SELECT call_id, content, dispatch, reason, reply, created, updated FROM calls
		WHERE account = ? AND request_id = ?`
	update = `UPDATE calls SET dispatch = ?, reason = ?, reply = ?, updated = ? WHERE call_id = ?`
	free   = `DELETE FROM calls WHERE call_id = ?`
)

// ledger records calls in SQLite. Every statement is a transaction of its own, on the disk when it returns.
type ledger struct {
	database                   *sql.DB
	insert, find, update, free *sql.Stmt
}

// record is one call as the ledger holds it.
type record struct {
	account, requestID, callID string
	content                    []byte
	dispatch                   pb.Dispatch
	reason                     pb.ErrorReason
	reply                      *pb.ProviderReply
	created, updated           time.Time
}

func openLedger(file string) (*ledger, error) {
	source := url.URL{Scheme: "file", Path: file, RawQuery: "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"}
	database, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, err
	}
	// SQLite has one writer at a time: several connections would only wait for each other, by sleeping.
	database.SetMaxOpenConns(1)
	if _, err := database.Exec(create); err != nil {
		return nil, err
	}
	// Whoever was sending these has died: whether phones ring, nobody knows.
	unknown := pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN
	if _, err := database.Exec(giveUp, rowByReason[unknown].dispatch, unknown, pb.Dispatch_DISPATCH_SENDING); err != nil {
		return nil, err
	}
	opened := &ledger{database: database}
	for text, statement := range map[string]**sql.Stmt{
		insert: &opened.insert, find: &opened.find, update: &opened.update, free: &opened.free,
	} {
		if *statement, err = database.Prepare(text); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

func (l *ledger) close() error {
	return l.database.Close()
}

// reserve records a call before anything of it is sent. It returns the record that is there instead, if one is.
func (l *ledger) reserve(ctx context.Context, wish record) (record, bool, error) {
	result, err := l.insert.ExecContext(ctx, wish.account, wish.requestID, wish.callID, wish.content,
		wish.dispatch, wish.reason, wish.created.UnixMicro(), wish.updated.UnixMicro())
	if err != nil {
		return record{}, false, err
	}
	inserted, err := result.RowsAffected()
	if err != nil || inserted == 1 {
		return wish, true, err
	}
	known, err := l.read(ctx, wish.account, wish.requestID)
	return known, false, err
}

// finish writes down what became of a call; where nobody was dialed and it may be sent again, it is forgotten.
func (l *ledger) finish(ctx context.Context, of record) error {
	if because(of.reason).isFree() {
		_, err := l.free.ExecContext(ctx, of.callID)
		return err
	}
	reply, err := proto.Marshal(of.reply)
	if err != nil {
		return err
	}
	_, err = l.update.ExecContext(ctx, of.dispatch, of.reason, reply, of.updated.UnixMicro(), of.callID)
	return err
}

func (l *ledger) read(ctx context.Context, account, requestID string) (record, error) {
	known := record{account: account, requestID: requestID}
	var reply []byte
	var created, updated int64
	err := l.find.QueryRowContext(ctx, account, requestID).Scan(
		&known.callID, &known.content, &known.dispatch, &known.reason, &reply, &created, &updated)
	if err != nil {
		return known, err
	}
	known.created, known.updated = time.UnixMicro(created), time.UnixMicro(updated)
	if reply != nil {
		known.reply = &pb.ProviderReply{}
		err = proto.Unmarshal(reply, known.reply)
	}
	return known, err
}

// call renders a record as callers read it.
func (r record) call(request *pb.PlaceCallRequest) *pb.OutboundCall {
	call := &pb.OutboundCall{
		CallId: r.callID, RequestId: r.requestID, Account: r.account, Request: request.GetCall(),
		Dispatch: r.dispatch, ProviderReply: r.reply,
		CreateTime: timestamppb.New(r.created), UpdateTime: timestamppb.New(r.updated),
	}
	for _, recipient := range request.GetCall().GetRecipients() {
		call.Recipients = append(call.Recipients, &pb.RecipientOutcome{
			Recipient: recipient, State: pb.RecipientState_RECIPIENT_STATE_WAITING,
		})
	}
	return call
}
