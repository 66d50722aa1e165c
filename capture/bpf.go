package capture

// Instruction is one of a compiled filter, for a kernel to run (struct sock_filter, bpf(4)).
type Instruction struct {
	Code   uint16
	JT, JF uint8
	K      uint32
}

// filterSet holds the programs of one BPF expression, one for each link type that came up:
// the same words mean other offsets behind another link-layer header.
type filterSet struct {
	expr     string
	programs []*BPF
}

// matches says whether the filter lets p pass.
func (s *filterSet) matches(p *Packet) (bool, error) {
	b, err := s.program(p.Link)
	if err != nil {
		return false, err
	}
	return b.Matches(p), nil
}

// check compiles the filter for a link type, so that errors come early.
func (s *filterSet) check(link LinkType) error {
	if s.expr == "" {
		return nil
	}
	_, err := s.program(link)
	return err
}

// checkAny compiles the filter where the link type is not known yet: it is wrong if it is for
// the types that between them have all that an expression can ask for.
func (s *filterSet) checkAny() error {
	if s.expr == "" {
		return nil
	}
	_, err := CompileBPF(s.expr, LinkEthernet)
	if err != nil {
		if _, err := CompileBPF(s.expr, LinkSLL2); err == nil {
			return nil
		}
	}
	return err
}

func (s *filterSet) program(link LinkType) (*BPF, error) {
	for _, b := range s.programs {
		if b.link == link {
			return b, nil
		}
	}
	b, err := CompileBPF(s.expr, link)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, b)
	return b, nil
}
