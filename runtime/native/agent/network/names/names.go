// Package names answers the questions that programs in a sandbox put to its name server. It knows nothing itself: addresses
// come from the keeper.
package names

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"dev.sandboxed/native/agent/failure"
)

const (
	// plainLimit is the largest answer that a client takes by UDP unless it says otherwise.
	plainLimit = 512
	// extendedLimit is the largest query that we say we take by UDP.
	extendedLimit = 4096
	// MaxMessage is the largest message there is.
	MaxMessage = 65535
	// maxAddresses bounds what the keeper can make us say of one name.
	maxAddresses = 16
	// localTTL is for what never changes.
	localTTL = 3600
)

// Answer is what is known of a name. No addresses: there is such a name, but it has none of this kind.
type Answer struct {
	Addresses  []netip.Addr
	TTLSeconds uint32
}

// Lookup finds the IPv4 or IPv6 addresses of a name in lower case without the dot at its end. An error is a failure.Error or of
// the context.
type Lookup func(ctx context.Context, name string, v6 bool) (Answer, error)

// Reply answers one message as it came; nil where there is nothing to say. With stream it may be as large as messages get.
func Reply(ctx context.Context, message []byte, stream bool, lookup Lookup) []byte {
	q, ok := parse(message)
	if !ok {
		return nil
	}
	if stream {
		q.limit = MaxMessage
	}
	if q.problem == dnsmessage.RCodeSuccess {
		q.resolve(ctx, lookup)
	}
	return q.encode()
}

// query is one question and what is found out about it.
type query struct {
	header   dnsmessage.Header
	question []dnsmessage.Question
	extended bool // the client speaks EDNS
	limit    int
	problem  dnsmessage.RCode
	answer   Answer
}

// parse reads a query. Messages that are no queries get no answer, or two servers could talk to each other for ever.
func parse(message []byte) (*query, bool) {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil || header.Response {
		return nil, false
	}
	q := &query{header: header, limit: plainLimit}
	if header.OpCode != 0 {
		q.problem = dnsmessage.RCodeNotImplemented
		return q, true
	}
	question, err := p.Question()
	if err == nil {
		q.question = []dnsmessage.Question{question}
		_, err = p.Question()
	}
	if len(q.question) == 0 || !errors.Is(err, dnsmessage.ErrSectionDone) {
		q.problem = dnsmessage.RCodeFormatError
		return q, true
	}
	q.readExtension(&p)
	return q, true
}

// readExtension looks for the size of answers that the client takes.
func (q *query) readExtension(p *dnsmessage.Parser) {
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return
		}
		if h.Type == dnsmessage.TypeOPT {
			q.extended = true
			q.limit = max(plainLimit, int(h.Class))
			return
		}
		if p.SkipAdditional() != nil {
			return
		}
	}
}

func (q *query) resolve(ctx context.Context, lookup Lookup) {
	question := q.question[0]
	if question.Class != dnsmessage.ClassINET {
		q.problem = dnsmessage.RCodeRefused
		return
	}
	name, ok := normalise(question.Name.String())
	v6 := question.Type == dnsmessage.TypeAAAA
	switch {
	case !ok || question.Type == dnsmessage.TypePTR:
		q.problem = dnsmessage.RCodeNameError
	case question.Type != dnsmessage.TypeA && !v6:
		// There is nothing else to be known of any name.
	case name == "localhost" || strings.HasSuffix(name, ".localhost"):
		q.answer = Answer{[]netip.Addr{loopback(v6)}, localTTL}
	default:
		var err error
		q.answer, err = lookup(ctx, name, v6)
		q.problem = codeOf(err)
	}
}

func loopback(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// codeOf is what a program is told. A name that the policy refuses does not exist for the sandbox.
func codeOf(err error) dnsmessage.RCode {
	if err == nil {
		return dnsmessage.RCodeSuccess
	}
	switch failure.Of(err, "").Kind {
	case failure.Refused, failure.NotFound, failure.Invalid:
		return dnsmessage.RCodeNameError
	default:
		return dnsmessage.RCodeServerFailure
	}
}

// normalise lower-cases a name and drops the dot at its end; false if it is not the name of a host: up to 253 letters, digits,
// dashes and underscores in labels of up to 63.
func normalise(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return "", false
		}
	}
	return strings.ToLower(name), true
}

func (q *query) encode() []byte {
	reply, err := q.build(q.answer.Addresses[:min(len(q.answer.Addresses), maxAddresses)], false)
	if err == nil && len(reply) > q.limit {
		reply, err = q.build(nil, true)
	}
	if err != nil {
		return nil
	}
	return reply
}

func (q *query) build(addresses []netip.Addr, truncated bool) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: q.header.ID, Response: true, OpCode: q.header.OpCode, Truncated: truncated,
		RecursionDesired: q.header.RecursionDesired, RecursionAvailable: true, RCode: q.problem,
	})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	for _, question := range q.question {
		if err := b.Question(question); err != nil {
			return nil, err
		}
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	for _, address := range addresses {
		if err := q.add(&b, address); err != nil {
			return nil, err
		}
	}
	if q.extended {
		if err := q.extend(&b); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// add adds an address of the kind that was asked for; another kind is left out.
func (q *query) add(b *dnsmessage.Builder, address netip.Addr) error {
	header := dnsmessage.ResourceHeader{Name: q.question[0].Name, Class: dnsmessage.ClassINET, TTL: q.answer.TTLSeconds}
	switch v6 := q.question[0].Type == dnsmessage.TypeAAAA; {
	case v6 && address.Is6():
		return b.AAAAResource(header, dnsmessage.AAAAResource{AAAA: address.As16()})
	case !v6 && address.Is4():
		return b.AResource(header, dnsmessage.AResource{A: address.As4()})
	default:
		return nil
	}
}

func (q *query) extend(b *dnsmessage.Builder) error {
	if err := b.StartAdditionals(); err != nil {
		return err
	}
	var header dnsmessage.ResourceHeader
	if err := header.SetEDNS0(extendedLimit, q.problem, false); err != nil {
		return err
	}
	return b.OPTResource(header, dnsmessage.OPTResource{})
}
