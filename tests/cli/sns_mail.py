# SPDX-License-Identifier: Apache-2.0
"""Notices of Amazon SES that SNS mails as JSON (email and email-json subscriptions), in every encoding a mail server may give them. Standard library alone."""
import json, os, subprocess, sys
from email.message import EmailMessage
from email.policy import SMTP

NIXIE = os.environ["NIXIE"]
MAIL = {"timestamp": "2026-03-01T09:59:00.000Z", "messageId": "ses-m", "source": "news@example.com", "destination": ["m@example.net"]}
BOUNCE = {"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "fb-m", "timestamp": "2026-03-01T10:00:00.000Z",
          "bouncedRecipients": [{"emailAddress": "m@example.net", "status": "5.1.1", "action": "failed", "diagnosticCode": "smtp; 550 5.1.1 <m@example.net>... User unknown \u00e9"}]}, "mail": MAIL}
EVENT = {"eventType": "Bounce", "bounce": BOUNCE["bounce"], "mail": {**MAIL, "tags": {"campaign": ["spring"]}}}
COMPLAINT = {"notificationType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": "m@example.net"}], "feedbackId": "fc", "timestamp": "2026-03-01T10:00:00.000Z"}, "mail": MAIL}
DELIVERY = {"notificationType": "Delivery", "delivery": {"recipients": ["m@example.net"], "timestamp": "2026-03-01T10:00:00.000Z", "smtpResponse": "250 2.0.0 OK"}, "mail": MAIL}
FOOT = "\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\nhttps://sns.eu-west-1.amazonaws.com/unsubscribe.html?Endpoint=a@example.com\n"
one = json.dumps(BOUNCE, ensure_ascii=False)
envelope = json.dumps({"Type": "Notification", "MessageId": "mm", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:b", "Message": one, "Timestamp": "2026-03-01T10:00:00.000Z"}, indent=2)
hard, other = ("m@example.net", "failed", "hard", "mailbox_unknown"), lambda kind: ("m@example.net", kind, "none", kind)
texts = [(one, hard), (one + FOOT, hard), ("\ufeff" + one + FOOT, hard), (json.dumps(BOUNCE, indent=2) + FOOT, hard), (json.dumps(EVENT) + FOOT, hard), (envelope + FOOT, hard), (one[:300] + "\n" + one[300:] + FOOT, hard),
         (one[:300] + "\n " + one[300:] + FOOT, hard), (json.dumps(COMPLAINT) + FOOT, other("complaint")), (json.dumps(DELIVERY) + FOOT, other("delivered")), (one[:-9], None), (one.replace('"mail"', '"bounce"'), None)]
failures = 0
for n, (text, want) in enumerate(texts):
    for cte in ("8bit", "base64", "quoted-printable"):
        for alternative in (False, True):
            mail = EmailMessage(policy=SMTP.clone(max_line_length=900))
            mail["From"], mail["To"], mail["Subject"], mail["Date"] = "AWS Notifications <no-reply@sns.amazonaws.com>", "bounces@example.com", "AWS Notification Message", "Sun, 01 Mar 2026 10:00:01 +0000"
            mail.set_content(text, cte=cte, charset="utf-8")
            if alternative:
                mail.add_alternative("<pre>" + text.replace("<", "&lt;") + "</pre>", subtype="html")
            out = subprocess.run([NIXIE, "parse", "-"], input=mail.as_bytes(), capture_output=True).stdout
            have = [(e["recipient"], e["kind"], e["class"], e["cause"]) for e in map(json.loads, out.splitlines()) if e["format"] == "webhook:ses"]
            if have != ([want] if want else []):
                failures += 1
                print(f"FAIL: text {n}, {cte}{' with HTML' if alternative else ''}: {have}, not {want}")
print(f"{len(texts)} texts")
sys.exit(1 if failures else 0)
