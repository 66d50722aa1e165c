package http

// The protocol events, with Suricata's names. Some are listed only so that rules which name
// them load: they are not raised by this parser (too_many_warnings, lzma_*).
const (
	anUnknownError = iota
	anGzipFailed
	anReqMissingColon
	anRespMissingColon
	anReqChunkLen
	anRespChunkLen
	anReqInvalidTE
	anRespInvalidTE
	anReqInvalidCL
	anRespInvalidCL
	anReqDuplicateCL
	anRespDuplicateCL
	an100Seen
	anUnmatchedResponse
	anInvalidServerPort
	anInvalidAuthorityPort
	anReqHeaderInvalid
	anRespHeaderInvalid
	anMissingHost
	anHostAmbiguous
	anReqFolding
	anRespFolding
	anReqFieldTooLong
	anRespFieldTooLong
	anPortMismatch
	anURIHostInvalid
	anHeaderHostInvalid
	anAuthUnrecognized
	anReqRepetition
	anRespRepetition
	anMultipartError
	anMultipartNoFile
	anMultipartHeader
	anDoubleEncoded
	anURIDelim
	anMethodDelim
	anLeadingSpace
	anTooManyEncodings
	anAbnormalCE
	anByteranges
	anAbnormalTE
	anChunkedOldProto
	anRespProtocol
	anRespStatus
	anReqLineIncomplete
	anReqLineInvalid
	anUnexpectedBody
	anLZMAMemlimit
	anBomb
	anTooManyWarnings
	anRangeInvalid
	anFileNameTooLong
	anFailedChange
	anReqChunkExt
	anRespChunkExt
	anMissingProtocol
	anReqTooManyHeaders
	anRespTooManyHeaders
	anReqLZMALayers
	anRespLZMALayers
	anUnexpectedRespBody
	anomalyCount
)

var anomalyNames = [anomalyCount]string{
	anUnknownError:         "unknown_error",
	anGzipFailed:           "gzip_decompression_failed",
	anReqMissingColon:      "request_field_missing_colon",
	anRespMissingColon:     "response_field_missing_colon",
	anReqChunkLen:          "invalid_request_chunk_len",
	anRespChunkLen:         "invalid_response_chunk_len",
	anReqInvalidTE:         "invalid_transfer_encoding_value_in_request",
	anRespInvalidTE:        "invalid_transfer_encoding_value_in_response",
	anReqInvalidCL:         "invalid_content_length_field_in_request",
	anRespInvalidCL:        "invalid_content_length_field_in_response",
	anReqDuplicateCL:       "duplicate_content_length_field_in_request",
	anRespDuplicateCL:      "duplicate_content_length_field_in_response",
	an100Seen:              "100_continue_already_seen",
	anUnmatchedResponse:    "unable_to_match_response_to_request",
	anInvalidServerPort:    "invalid_server_port_in_request",
	anInvalidAuthorityPort: "invalid_authority_port",
	anReqHeaderInvalid:     "request_header_invalid",
	anRespHeaderInvalid:    "response_header_invalid",
	anMissingHost:          "missing_host_header",
	anHostAmbiguous:        "host_header_ambiguous",
	anReqFolding:           "invalid_request_field_folding",
	anRespFolding:          "invalid_response_field_folding",
	anReqFieldTooLong:      "request_field_too_long",
	anRespFieldTooLong:     "response_field_too_long",
	anPortMismatch:         "request_server_port_tcp_port_mismatch",
	anURIHostInvalid:       "request_uri_host_invalid",
	anHeaderHostInvalid:    "request_header_host_invalid",
	anAuthUnrecognized:     "request_auth_unrecognized",
	anReqRepetition:        "request_header_repetition",
	anRespRepetition:       "response_header_repetition",
	anMultipartError:       "multipart_generic_error",
	anMultipartNoFile:      "multipart_no_filedata",
	anMultipartHeader:      "multipart_invalid_header",
	anDoubleEncoded:        "double_encoded_uri",
	anURIDelim:             "uri_delim_non_compliant",
	anMethodDelim:          "method_delim_non_compliant",
	anLeadingSpace:         "request_line_leading_whitespace",
	anTooManyEncodings:     "too_many_encoding_layers",
	anAbnormalCE:           "abnormal_ce_header",
	anByteranges:           "response_multipart_byteranges",
	anAbnormalTE:           "response_abnormal_transfer_encoding",
	anChunkedOldProto:      "response_chunked_old_proto",
	anRespProtocol:         "response_invalid_protocol",
	anRespStatus:           "response_invalid_status",
	anReqLineIncomplete:    "request_line_incomplete",
	anReqLineInvalid:       "request_line_invalid",
	anUnexpectedBody:       "request_body_unexpected",
	anLZMAMemlimit:         "lzma_memlimit_reached",
	anBomb:                 "compression_bomb",
	anTooManyWarnings:      "too_many_warnings",
	anRangeInvalid:         "range_invalid",
	anFileNameTooLong:      "file_name_too_long",
	anFailedChange:         "failed_protocol_change",
	anReqChunkExt:          "request_chunk_extension",
	anRespChunkExt:         "response_chunk_extension",
	anMissingProtocol:      "request_line_missing_protocol",
	anReqTooManyHeaders:    "request_too_many_headers",
	anRespTooManyHeaders:   "response_too_many_headers",
	anReqLZMALayers:        "request_too_many_lzma_layers",
	anRespLZMALayers:       "response_too_many_lzma_layers",
	anUnexpectedRespBody:   "response_body_unexpected",
}

// A Tx remembers in one word which anomalies were raised: the count must fit.
var _ [64 - anomalyCount]struct{}
