-- wrk -s drive.lua URL -- plain|header|path|fresh [FILE]
--   plain   the URL as it is
--   header  Authorization from the file's lines in turn
--   path    paths from the file's lines in random order
--   fresh   the same with a last segment that was never sent before
-- Prints one line of JSON at the end.

local mode, requests, paths, at, count, serial

function init(args)
  mode, at, serial = args[1] or "plain", 0, 0
  requests, paths = {}, {}
  math.randomseed(20261123)
  if mode == "plain" then
    requests[1] = wrk.format("GET")
  else
    for line in io.lines(args[2]) do
      if mode == "header" then
        requests[#requests + 1] = wrk.format("GET", nil, { ["Host"] = wrk.headers["Host"], ["Authorization"] = line })
      else
        requests[#requests + 1] = wrk.format("GET", line)
        paths[#paths + 1] = line
      end
    end
  end
  count = #requests
end

function request()
  if mode == "header" or mode == "plain" then
    at = at % count + 1
    return requests[at]
  elseif mode == "path" then
    return requests[math.random(count)]
  end
  serial = serial + 1
  return wrk.format("GET", paths[math.random(count)] .. "/" .. serial)
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50Micros":%d,"p99Micros":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
