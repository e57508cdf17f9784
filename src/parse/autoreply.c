/* SPDX-License-Identifier: Apache-2.0 */
/* Automatic answers (RFC 3834 5, and what came before it), challenges, and disposition notifications (RFC 8098). None of them is a bounce. */
#include "parse/address.h"
#include "parse/internal.h"
#include "parse/reply.h"

static struct nx_str get(const struct nx_reading *reading, const char *name)
{
    return nx_fields_get(reading->mail.fields, name);
}

static bool starts_with_any(struct nx_str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (nx_str_istarts(text, nx_str_of(words[i])))
            return true;
    return false;
}

static struct nx_str without_prefixes(struct nx_str subject)
{
    while (nx_str_istarts(subject, NX_STR("re:")) || nx_str_istarts(subject, NX_STR("aw:")) || nx_str_istarts(subject, NX_STR("sv:")) || nx_str_istarts(subject, NX_STR("[")))
        subject = nx_str_trim(nx_str_from(subject, subject.p[0] == '[' ? 1 : 3));
    return subject;
}

/* "Automatic reply: ..." in the languages that mail programs speak. At the start, or after a bracket. Letters outside of ASCII are compared as they stand. */
static bool subject_says(struct nx_str subject)
{
    static const char *const starts[] = {
        "auto:", "automatic reply", "auto-reply", "autoreply", "auto reply", "auto response", "autoresponse", "automatic response", "automated reply",
        "automated response", "autorespons", "out of office", "out-of-office", "out of the office", "ooo:", "on vacation", "i am away", "away from my",
        "away from the office", "automatische antwort", "automatisches antwort", "automatische rückantwort", "automatische abwesenheit", "abwesenheit",
        "nicht im büro", "außer haus", "automatisch antwoord", "afwezigheid", "afwezig", "buiten kantoor", "automatisk svar", "automatiskt svar", "autosvar",
        "frånvarobesked", "frånvaro", "ej på kontoret", "fravær", "ikke på kontoret", "automaattinen", "poissaolo", "réponse automatique",
        "reponse automatique", "Réponse automatique", "réponse auto", "message d'absence", "absence du bureau", "absent du bureau", "hors du bureau",
        "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina", "autorespuesta", "resposta automática",
        "resposta automatica", "fora do escritório", "fora do escritorio", "ausência temporária", "Ausência", "risposta automatica", "fuori sede",
        "fuori ufficio", "odpowiedź automatyczna", "automatyczna odpowied", "poza biurem", "nieobecność", "automatická odpověď", "automatická odpoveď",
        "mimo kancelář", "mimo kancelárie", "nepřítomnost", "automatikus válasz", "házon kívül", "răspuns automat", "raspuns automat", "automatski odgovor",
        "samodejni odgovor", "automatinis atsakymas", "automaatvastus", "automātiskā atbilde", "automatiska atbilde", "автоответ", "Автоответ",
        "автоматический ответ", "Автоматический ответ", "нет на рабочем месте", "Нет на рабочем месте", "вне офиса", "Вне офиса", "автоматична відповідь",
        "Автоматична відповідь", "автоматичен отговор", "Автоматичен отговор", "αυτόματη απάντηση", "Αυτόματη απάντηση", "εκτός γραφείου", "Εκτός γραφείου",
        "otomatik yanıt", "otomatik cevap", "ofis dışında", "işyeri dışında", "自動応答", "自動返信", "自動回信", "自动回复", "自动答复", "自動回覆", "自動回复", "不在通知", "不在のお知らせ",
        "外出中", "不在办公室", "不在辦公室", "자동 회신", "자동 응답", "자동회신", "자동응답", "부재중", "외부 출장", "balasan otomatis", "trả lời tự động", "ตอบกลับอัตโนมัติ",
        "תשובה אוטומטית", "رد تلقائي", "الرد التلقائي",
    };
    static const char *const anywhere[] = {
        "(automatic response)", "automatic reply", "automatiska atbilde", "automātiskā atbilde", "out of office", "out of the office", "auto-reply",
        "autoreply", "[auto", "automatische antwort", "respuesta automática", "réponse automatique", "自动回复", "自動応答", "自動返信", "автоответ",
        "автоматический ответ", "abwesenheitsnotiz", "resposta automática", "risposta automatica", "automatisk svar", "automatyczna odpowied",
    };
    if (starts_with_any(without_prefixes(subject), starts, G_N_ELEMENTS(starts)))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(anywhere); i++)
        if (nx_str_ihas(subject, nx_str_of(anywhere[i])))
            return true;
    return false;
}

/* Subjects that people write too: they count where the head shows an answer. */
static bool subject_hints(struct nx_str subject)
{
    static const char *const starts[] = {
        "vacation", "away", "absence", "absent", "ausencia", "ausente", "ausência", "abwesend", "im urlaub", "urlaub", "betriebsurlaub", "ferie", "in ferie",
        "férias", "vacaciones", "de vacaciones", "congé", "en congé", "assente", "assenza", "op vakantie", "vakantie", "semester", "frånvarande", "lomalla",
        "poissa", "urlop", "dovolená", "szabadság", "concediu", "în concediu", "în afara biroului", "отпуск", "Отпуск", "в отпуске", "В отпуске", "отсутств",
        "Отсутств", "відпустк", "відсутн", "tatil", "izin", "不在", "休暇", "休假", "外出", "휴가", "부재", "received", "thank you for your", "we have received",
        "we received your", "your message has been received", "your request has been received", "eingangsbestätigung", "accusé de réception",
        "acuse de recibo", "conferma di ricezione", "potwierdzenie otrzymania", "ontvangstbevestiging",
    };
    return starts_with_any(without_prefixes(subject), starts, G_N_ELEMENTS(starts));
}

/* Words of an absence, for mail that the null return path already gives away as automatic. */
static bool text_says(struct nx_str text)
{
    static const char *const words[] = {"out of the office", "out of office", "on vacation", "on holiday", "on leave", "away from my", "i am away", "i will be back", "automatic reply", "automated response",
                                        "auto-reply", "autoreply", "automatically generated", "automatic response", "thank you for your e-mail", "thank you for your email", "thank you for contacting", "we have received your",
                                        "nicht im büro", "außer haus", "nicht erreichbar", "urlaub", "automatische antwort", "absent", "en congé", "fuera de la oficina", "vacaciones", "fuori ufficio", "afwezig", "ferie", "atvaļinājum", "urlop"};
    struct nx_str head = nx_str_sub(text, 0, 2048);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (nx_str_ihas(head, nx_str_of(words[i])))
            return true;
    return false;
}

bool nx_is_challenge(struct nx_str text)
{
    static const char *const words[] = {"allowed list", "approved senders", "approved sender", "to have your address added", "verify that you are", "confirm that you are", "prove that you", "not a spammer", "guest list",
                                        "click on the link below to", "challenge", "spamblocker", "waiting list", "pending your verification", "pre-approved", "instructions in above notice", "one-time", "deliver your message"};
    struct nx_str head = nx_str_sub(text, 0, 4096);
    unsigned hits = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        hits += nx_str_ihas(head, nx_str_of(words[i]));
    return hits >= 2;
}

static bool is_automatic(const struct nx_reading *reading)
{
    struct nx_str submitted = get(reading, "Auto-Submitted"), precedence = get(reading, "Precedence");
    if (nx_str_istarts(submitted, NX_STR("auto-replied")))
        return true;
    static const char *const fields[] = {"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-AutoReply-From", "X-Autogenerated"};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        struct nx_str value = get(reading, fields[i]);
        if (value.n > 0 && !nx_str_ieq(value, NX_STR("no")))
            return true;
    }
    if (nx_str_istarts(precedence, NX_STR("auto_reply")) || nx_str_istarts(precedence, NX_STR("auto-reply")))
        return true;
    bool list = get(reading, "List-Id").n + get(reading, "List-Unsubscribe").n + get(reading, "List-Post").n > 0;
    if (list)
        return false;
    bool null_path = nx_str_eq(nx_str_trim(get(reading, "Return-Path")), NX_STR("<>"));
    bool bulk = nx_str_istarts(precedence, NX_STR("bulk")) || nx_str_istarts(precedence, NX_STR("junk"));
    bool answers = get(reading, "In-Reply-To").n + get(reading, "References").n > 0;
    bool talk = nx_str_istarts(get(reading, "Subject"), NX_STR("re:")) && get(reading, "Return-Path").n > 0 && !null_path; /* people answer mail about absences, too */
    if (!talk && subject_says(get(reading, "Subject")))
        return true;
    if (subject_hints(get(reading, "Subject")) && (null_path || (bulk && answers)))
        return true;
    return null_path && (bulk || answers) && (text_says(get(reading, "Subject")) || text_says(reading->text));
}

/* Reports on authentication in words (RFC 6591, 7489 7.3 without their parts): neither answer nor bounce. */
static bool is_authentication_report(const struct nx_reading *reading)
{
    struct nx_str subject = get(reading, "Subject");
    return (nx_str_ihas(subject, NX_STR("dmarc")) || nx_str_ihas(subject, NX_STR("authentication failure"))) && nx_str_ihas(subject, NX_STR("report"));
}

bool nx_autoreply_read(struct nx_reading *reading)
{
    const struct nx_mail *mail = &reading->mail;
    bool mdn = false;
    for (size_t i = 0; i < mail->n_parts; i++)
        mdn |= mail->parts[i].type == NX_PART_DISPOSITION;
    bool status_report = nx_str_eq(mail->report_type, NX_STR("delivery-status")); /* its writers set Auto-Submitted too */
    bool automatic = !mdn && !status_report && is_automatic(reading);
    if (!mdn && (!automatic || is_authentication_report(reading)))
        return false;
    struct nx_report *report = nx_reports_add(reading);
    if (report == NULL)
        return false;
    report->kind = mdn ? NX_KIND_OTHER : NX_KIND_AUTOREPLY;
    report->format = mdn ? NX_STR("rfc8098") : NX_STR("rfc3834");
    report->notes = mdn ? NX_NOTE_MDN : nx_is_challenge(reading->text) ? NX_NOTE_CHALLENGE : 0;
    report->text = nx_one_line(reading->arena, reading->text, reading->limits->diagnostic);
    if (automatic) {
        struct nx_str from = nx_address_in(get(reading, "From"));
        bool nobody = nx_str_istarts(from, NX_STR("noreply@")) || nx_str_istarts(from, NX_STR("no-reply@")) || nx_str_istarts(from, NX_STR("donotreply@"));
        struct nx_str answers = nobody ? nx_address_in(get(reading, "Reply-To")) : NX_STR_NONE;
        report->recipient = answers.n > 0 ? answers : from;
    }
    return true;
}
