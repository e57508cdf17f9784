-- SPDX-License-Identifier: Apache-2.0
-- wrk -s post.lua: each request posts a report about another address, and so does each run: what is known already costs little.
local n = 0
local id = 0
function init() math.randomseed(os.time()) end
function setup(thread) id = id + 1; thread:set("tid", id) end
request = function()
  n = n + 1
  local a = "u" .. tid .. "x" .. n .. "r" .. math.random(1,1e9) .. "@example.net"
  local b = "From: MAILER-DAEMON@mx.example.org\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\nMessage-ID: <"..a..".r@mx.example.org>\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; "..a.."\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: "..a.."\nSubject: News\nMessage-ID: <"..a..".o@example.com>\n\n"..string.rep("Hello world this is text\n",100).."\n--b--\n"
  return wrk.format("POST", "/v1/messages", {["Content-Type"]="message/rfc822"}, b)
end
