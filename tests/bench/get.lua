-- SPDX-License-Identifier: Apache-2.0
-- wrk -s get.lua URL -- ENTRIES: each request asks for one address; every second one is on the list, all of them equally often.
local entries = 1
function init(args) entries = tonumber(args[1]) or 1; math.randomseed(os.time()) end
request = function()
  local n = math.random(0, 2 * entries - 1)
  return wrk.format("GET", string.format("/v1/suppressions/user%d@d%d.example.net", n, n % 1000))
end
