package dcerpc

// services names interfaces that are well known, most of them those that administrators and intruders use alike. The UUIDs are
// from the specifications of the protocols: [MS-SCMR] for svcctl, [MS-DRSR] for drsuapi.
var services = map[string]string{
	"367abb81-9844-35f1-ad32-98f038001003": "svcctl",
	"4b324fc8-1670-01d3-1278-5a47bf6ee188": "srvsvc",
	"6bffd098-a112-3610-9833-46c3f87e345a": "wkssvc",
	"12345778-1234-abcd-ef00-0123456789ab": "lsarpc",
	"12345778-1234-abcd-ef00-0123456789ac": "samr",
	"12345678-1234-abcd-ef00-01234567cffb": "netlogon",
	"e3514235-4b06-11d1-ab04-00c04fc2dcd2": "drsuapi",
	"338cd001-2244-31f1-aaaa-900038001003": "winreg",
	"12345678-1234-abcd-ef00-0123456789ab": "spoolss",
	"76f03f96-cdfd-44fc-a22c-64950a001209": "iremotewinspool",
	"1ff70682-0a51-30e8-076d-740be8cee98b": "atsvc",
	"86d35949-83c9-4044-b424-db363231fd0c": "ITaskSchedulerService",
	"378e52b0-c0a9-11cf-822d-00aa0051e40f": "sasec",
	"82273fdc-e32a-18c3-3f78-827929dc23ea": "eventlog",
	"f6beaff7-1e19-4fbb-9f8f-b89e2018337c": "IEventService",
	"e1af8308-5d1f-11c9-91a4-08002b14a0fa": "epmapper",
	"afa8bd80-7d8a-11c9-bef4-08002b102989": "mgmt",
	"c681d488-d850-11d0-8c52-00c04fd90f7e": "efsrpc",
	"df1941c5-fe89-4e79-bf10-463657acf44d": "efsrpc",
	"a8e0653c-2744-4389-a61d-7373df8b2292": "FssagentRpc",
	"4fc742e0-4a10-11cf-8273-00aa004ae673": "netdfs",
	"894de0c0-0d55-11d3-a322-00c04fa321a1": "InitShutdown",
	"8bc3f05e-d86b-11d0-a075-00c04fb68820": "IWbemLevel1Login",
	"9556dc99-828c-11cf-a37e-00aa003240c7": "IWbemServices",
	"f309ad18-d86a-11d0-a075-00c04fb68820": "IWbemLevel1Login",
	"000001a0-0000-0000-c000-000000000046": "IRemoteSCMActivator",
	"99fcfec4-5260-101b-bbcb-00aa0021347a": "IObjectExporter",
	"00000131-0000-0000-c000-000000000046": "IRemUnknown",
	"00000143-0000-0000-c000-000000000046": "IRemUnknown2",
	"00020400-0000-0000-c000-000000000046": "IDispatch",
	"91ae6020-9e3c-11cf-8d7c-00aa00c091be": "ICertPassage",
	"d99e6e70-fc88-11d0-b498-00a0c90312f3": "ICertAdminD",
	"50abc2a4-574d-40b3-9d66-ee4fd5fba076": "dnsserver",
	"3919286a-b10c-11d0-9ba8-00c04fd92ef5": "dssetup",
}

// Service is the interface's name where it is well known, else "".
func (i *Interface) Service() string { return services[string(i.uuid[:])] }
