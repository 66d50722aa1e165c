" Syntax of .nids rules (luanids). The keywords are written by the tests: UPDATE=1 go test ./lang -run Vim
if exists("b:current_syntax")
  finish
endif
syn iskeyword @,48-57,_,.,-

" begin keywords
syn keyword nidsDeclaration include let list rule sequence test
syn keyword nidsStatement action bypass classtype confidence description disabled evidence false_positives filestore gid inspect metadata
syn keyword nidsStatement mitre noalert nolog nolog_flow on priority ref rev scope set severity sid
syn keyword nidsStatement tag tags target threshold toggle unset untracked when
syn keyword nidsOperator all and any contains endswith has in matches none not or startswith
syn keyword nidsOption after alerts align asn1 at backoff base64 bitstring both by bytes depth
syn keyword nidsOption distance distinct double end entropy every false fast fixed for from isdataat
syn keyword nidsOption jump limit mask mode nocase of offset oversize packets pcap plus relative
syn keyword nidsOption session size start then times true within
syn keyword nidsFunction abs before capture compress_whitespace concat count dataset domain dotprefix epoch exists flow.counter
syn keyword nidsFunction flow.flag from_base64 gunzip header header_lowercase hex host.counter host.flag hour html_decode inflate labels
syn keyword nidsFunction len lower max md5 min multicast private reputation sha1 sha256 strip_pseudo_headers strip_whitespace
syn keyword nidsFunction subdomain substr tld to_int to_ip to_md5 to_sha1 to_sha256 trim unhex upper url_decode
syn keyword nidsFunction weekday xor
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
