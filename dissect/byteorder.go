package dissect

// ByteOrdered is implemented by messages that say in which order the bytes of their numbers come (DCERPC): that of rules that ask
// for the byte order "dce". known is false for messages of the protocol that say nothing.
type ByteOrdered interface {
	ByteOrder() (little, known bool)
}
