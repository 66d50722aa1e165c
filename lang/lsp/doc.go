// Package lsp is a language server for .nids files (Language Server Protocol 3.17) over a stream: diagnostics as one types,
// hover, completion, go to definition, an outline and formatting. It reads the tables that the rest of the language is
// made of: the schema, lang/funcs, and the words of lang/syntax.
//
// codec.go frames messages, server.go dispatches them, documents.go keeps texts and their positions, diagnose.go
// checks them, and hover.go, complete.go and define.go answer questions about a place.
package lsp
