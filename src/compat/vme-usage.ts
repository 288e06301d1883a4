/** `vme --help` */
export const VME_USAGE = `usage: vme id=<event> [msg=<text>] [severity=<severity>] [progress=<percent>]
           [cnt_name=<name> cnt_value=<number>]

Says something to the supervisor of this service. "muster notify" says the same;
"muster vme" is this program.

events:
  id=started_ok    the service is ready
  id=start_failed  its start failed; msg= says why
  id=maintenance   it needs more time before it is ready; progress= (1 to 100)
                   and msg= may tell how far it is. Say it again every 30 s:
                   after 60 s of silence it counts as hung
  id=log           a line for the journal, which takes warn and above; msg=,
                   severity= (info unless given)
  id=alert         a person must see this; msg=, severity= (error unless given),
                   and a counter that is kept and shown: cnt_name=, cnt_value=.
                   Without msg= only the counter is kept

severities: debug, info, warn, error, fatal
exit codes: 0 it is on file, 1 it could not be said, 2 wrong usage

example: vme id=maintenance progress=40 msg="repairing the database"
`;
