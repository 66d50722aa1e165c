package smtp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// Caps, in the order of the Spec.
const (
	capCommands = iota
	capRecipients
	capHeaders
	capAttachments
	capURLs
	capDepth
)

var caps = []dissect.Cap{
	capCommands:    {Name: "commands", Doc: "SMTP: commands of which it is not told what the server replied, because more than 1024 waited"},
	capRecipients:  {Name: "recipients", Doc: "SMTP: recipients past the first 1024, or 256 KiB, of a mail"},
	capHeaders:     {Name: "headers", Doc: "mails of which only 1024 header fields, or 128 KiB of them, were kept"},
	capAttachments: {Name: "attachments", Doc: "mails of which only 256 names of attachments were kept"},
	capURLs:        {Name: "urls", Doc: "mails of which only the first URLs were kept (app-layer.protocols.smtp.mime.max-urls, 256 KiB)"},
	capDepth:       {Name: "depth", Doc: "mails with multiparts or mails that were too deep within each other to be looked into"},
}

// countMailCaps counts what of a mail was left out.
func countMailCaps(c *dissect.Ctx, cut mime.Cut) {
	for i, bit := range [...]mime.Cut{mime.CutHeaders, mime.CutAttachments, mime.CutURLs, mime.CutDepth} {
		if cut&bit != 0 {
			c.Capped(capHeaders + i)
		}
	}
}
