" Syntax of .nids rules (luanids). The keywords are written by the tests: UPDATE=1 go test ./lang -run Vim
if exists("b:current_syntax")
  finish
endif
syn iskeyword @,48-57,_,.,-

" begin keywords
syn keyword nidsDeclaration dataset include let list rule sequence test
syn keyword nidsStatement action alert bypass classtype confidence context description disabled evidence false_positives filestore filestore_flow
syn keyword nidsStatement filestore_flow_to_client filestore_flow_to_server filestore_message filestore_message_to_client filestore_message_to_server gid inspect metadata mitre noalert nolog nolog_flow
syn keyword nidsStatement on priority ref rev scope set severity sid tag tags target threshold
syn keyword nidsStatement tlsstore toggle unset untracked when
syn keyword nidsOperator all and any contains endswith has in matches none not or startswith
syn keyword nidsOption after alerts align as asn1 at backoff base64 between bitstring both by
syn keyword nidsOption bytes depth distance distinct double end entropy every false fast fixed for
syn keyword nidsOption from isdataat jump limit mask mode nocase of offset oversize packets pcap
syn keyword nidsOption plus relative session size start then times true within
syn keyword nidsFunction abs before capture compress_whitespace concat count domain dotprefix epoch exists flow.counter flow.flag
syn keyword nidsFunction from_base64 gunzip header header_lowercase hex higher_ip host.counter host.flag hour html_decode inflate labels
syn keyword nidsFunction len lower lower_ip max md5 min multicast private reputation sha1 sha256 strip_pseudo_headers
syn keyword nidsFunction strip_whitespace subdomain substr tld to_int to_ip to_md5 to_sha1 to_sha256 trim unhex upper
syn keyword nidsFunction url_decode weekday xor
" end keywords

syn match nidsComment "#.*$" contains=@Spell
syn region nidsString start=+"+ skip=+\\.+ end=+"+ oneline contains=nidsEscape
syn region nidsString start=+'+ end=+'+ oneline
syn region nidsBytes start=+\<x"+ end=+"+ oneline
syn match nidsEscape "\\\([nrt0\"\\]\|x\x\x\|u{\x\+}\)" contained
syn region nidsRegex start="[[~=(,!]\s*\zs/" skip="\\." end="/[ismxAEGU]*" oneline
syn match nidsNumber "\<\(0x\x\+\|\d[0-9_]*\(\.\d\+\)\?\)\(B\|[kMGT]i\?B\|ns\|us\|ms\|[smhdw]\)\?\>"
syn match nidsAddress "\<\d\{1,3}\(\.\d\{1,3}\)\{3}\(/\d\{1,2}\)\?\>"
syn match nidsOperator "[=!<>]=\|[<>~+*%&|^]\|!\~\|\.\."

hi def link nidsDeclaration Structure
hi def link nidsStatement Statement
hi def link nidsOperator Operator
hi def link nidsOption Keyword
hi def link nidsFunction Function
hi def link nidsComment Comment
hi def link nidsString String
hi def link nidsBytes String
hi def link nidsEscape SpecialChar
hi def link nidsRegex Special
hi def link nidsNumber Number
hi def link nidsAddress Constant

let b:current_syntax = "nids"
