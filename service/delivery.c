/* delivery.c - why a code has not come, as far as it can be known, in words for the user.
 *
 * The message's state tells most; of a failure the reason's code tells the rest: "cms_21" from the
 * modem, "st_46" (hex) from a delivery report. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "service/verification_private.h"

static const struct delivery_advice advices[] = {
	[DELIVERY_NONE] = { "", "", "", "", "" },
	[DELIVERY_QUEUED] = { "queued", "Код отправляется, подождите минуту.",
			      "Đang gửi mã, chờ một phút.",
			      "The code is on its way. Wait a minute.", "wait" },
	[DELIVERY_SENT_NO_REPORT] = { "sent_no_report",
				      "SMS отправлено. Если не пришло, запросите ещё раз через "
				      "минуту.",
				      "Đã gửi. Nếu chưa nhận, thử lại sau 1 phút.",
				      "Sent. If nothing came, ask again in a minute.", "resend" },
	[DELIVERY_DELIVERED_NOT_ENTERED] = { "delivered_not_entered",
					     "SMS доставлено. Посмотрите папку «Спам».",
					     "Đã gửi tới máy. Xem mục tin rác.",
					     "Delivered. Look in the spam folder.", "wait" },
	[DELIVERY_PHONE_UNREACHABLE] = { "phone_unreachable",
					 "Телефон выключен или вне сети. Включите и запросите код "
					 "снова.",
					 "Máy tắt hoặc ngoài vùng phủ sóng. Bật máy rồi thử lại.",
					 "Phone off or out of coverage. Switch on and retry.",
					 "resend" },
	[DELIVERY_NUMBER_MAYBE_MISTYPED] = { "number_maybe_mistyped",
					     "Похоже, в номере ошибка. Проверьте цифры.",
					     "Có thể bạn nhập sai số. Hãy kiểm tra.",
					     "The number looks wrong. Check the digits.", "edit" },
	[DELIVERY_BLOCKED_BY_OPERATOR] = { "blocked_by_recipient_operator",
					   "Оператор не пропустил SMS. Снимите запрет рассылок или "
					   "выберите другой способ.",
					   "Nhà mạng chặn tin. Hãy chọn cách khác.",
					   "Your carrier blocked it. Use another way.",
					   "other_channel" },
	[DELIVERY_GATEWAY_TROUBLE] = { "gateway_trouble",
				       "Временная неполадка у нас. Попробуйте через 10 минут.",
				       "Lỗi tạm thời. Thử lại sau 10 phút.",
				       "Temporary fault on our side. Retry in 10 min.",
				       "other_channel" },
	[DELIVERY_EXPIRED] = { "expired", "Срок кода истёк. Запросите новый.",
			       "Mã đã hết hạn. Lấy mã mới.", "The code expired. Get a new one.",
			       "resend" },
};
_Static_assert(ARRAY_LEN(advices) == DELIVERY_COUNT, "each reason has its advice");

const struct delivery_advice *delivery_advice(enum delivery_reason reason)
{
	return &advices[(unsigned)reason < DELIVERY_COUNT ? reason : DELIVERY_NONE];
}

struct code_row {
	int first, last;
	enum delivery_reason reason;
};

/* The network's answers to a submit that speak of the recipient; others are our trouble. */
static const struct code_row cms_rows[] = {
	{ 1, 1, DELIVERY_NUMBER_MAYBE_MISTYPED },     { 21, 21, DELIVERY_BLOCKED_BY_OPERATOR },
	{ 27, 27, DELIVERY_PHONE_UNREACHABLE },       { 30, 30, DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ 195, 195, DELIVERY_NUMBER_MAYBE_MISTYPED }, { 196, 196, DELIVERY_BLOCKED_BY_OPERATOR },
};

/* TP-ST of a delivery report (23.040 9.2.3.15). */
static const struct code_row report_rows[] = {
	{ 0x20, 0x25, DELIVERY_PHONE_UNREACHABLE },
	{ 0x40, 0x40, DELIVERY_GATEWAY_TROUBLE },
	{ 0x41, 0x41, DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ 0x42, 0x42, DELIVERY_BLOCKED_BY_OPERATOR },
	{ 0x43, 0x43, DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ 0x44, 0x44, DELIVERY_GATEWAY_TROUBLE },
	{ 0x45, 0x45, DELIVERY_BLOCKED_BY_OPERATOR },
	{ 0x46, 0x46, DELIVERY_PHONE_UNREACHABLE },
	{ 0x48, 0x48, DELIVERY_BLOCKED_BY_OPERATOR },
	{ 0x60, 0x65, DELIVERY_PHONE_UNREACHABLE },
};

static enum delivery_reason look_up(const struct code_row *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return rows[i].reason;
	return DELIVERY_GATEWAY_TROUBLE;
}

static const struct {
	const char *prefix; /* of a reason's code */
	int base;
	const struct code_row *rows;
	size_t n;
} sources[] = {
	{ "cms_", 10, cms_rows, ARRAY_LEN(cms_rows) },
	{ "st_", 16, report_rows, ARRAY_LEN(report_rows) },
};

static enum delivery_reason reason_of_failure(const struct message_row *message)
{
	const char *code = message->reason_code;

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		size_t n = strlen(sources[i].prefix);

		if (strncmp(code, sources[i].prefix, n) == 0)
			return look_up(sources[i].rows, sources[i].n,
				       (int)strtol(code + n, NULL, sources[i].base));
	}
	return strcmp(message->reason_class, "recipient") == 0 ? DELIVERY_NUMBER_MAYBE_MISTYPED
							       : DELIVERY_GATEWAY_TROUBLE;
}

/* It is tried again by itself; what the network said of the recipient helps the user meanwhile. */
static enum delivery_reason reason_of_waiting(const struct message_row *message)
{
	enum delivery_reason reason = reason_of_failure(message);

	return reason == DELIVERY_GATEWAY_TROUBLE ? DELIVERY_QUEUED : reason;
}

enum delivery_reason delivery_reason_of(const struct verification_case *c)
{
	if (c->message.seq == 0 || c->row.state != VER_PENDING)
		return DELIVERY_NONE;
	switch (c->message.state) {
	case MSG_QUEUED:
		return reason_of_waiting(&c->message);
	case MSG_SCHEDULED:
	case MSG_SENDING:
		return DELIVERY_QUEUED;
	case MSG_UNCERTAIN:
	case MSG_SENT:
		return DELIVERY_SENT_NO_REPORT;
	case MSG_DELIVERED:
		return DELIVERY_DELIVERED_NOT_ENTERED;
	case MSG_FAILED:
		return reason_of_failure(&c->message);
	case MSG_EXPIRED:
		return DELIVERY_EXPIRED;
	case MSG_CANCELED:
	case MSG_STATES:
		return DELIVERY_NONE;
	}
	return DELIVERY_NONE;
}
