-- What wrk sends: registrations of so many probes of one group, as the original's probes send them, one after the other.
-- wrk -s register.lua URL -- GROUP PROBES renew|change
-- "renew" says the same each time; "change" gives each registration another version, which the server has to write down.

local group, probes, changes, first, turn

function setup(thread)
  thread:set("number", threads or 0)
  threads = (threads or 0) + 1
end

function init(args)
  group, probes, changes = args[1], tonumber(args[2]), args[3] == "change"
  -- Threads begin at different probes.
  first, turn = number * 131, 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  turn = turn + 1
  local probe = (first + turn) % probes
  local version = changes and ("1." .. number .. "." .. turn) or "1.1.0"
  local body = string.format(
    '{"port": 8100, "keepalive": 300, "ip": "198.18.%d.%d", "group": "%s", "tags": {"version": "%s", "probe_shortname": "p%04d", "probe_name": "p%04d.example"}}',
    math.floor(probe / 250), probe % 250 + 1, group, version, probe, probe)
  return wrk.format(nil, "/api/v1/register", nil, body)
end
