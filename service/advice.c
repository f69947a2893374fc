/* advice.c - words. A reason whose words speak of a code has others for messages without one. */
#include "service/advice.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"

static const struct {
	const char *reason, *next_step;
	const char *code[ADVICE_LANGUAGES];  /* by language */
	const char *other[ADVICE_LANGUAGES]; /* NULL: the same */
} rows[] = {
	[DELIVERY_NONE] = { "", "", { "", "", "" }, { NULL } },
	[DELIVERY_QUEUED] = { "queued",
			      "wait",
			      { "Код отправляется, подождите минуту.", "Đang gửi mã, chờ một phút.",
				"The code is on its way. Wait a minute." },
			      { "SMS отправляется.", "Đang gửi tin nhắn.",
				"The message is on its way." } },
	[DELIVERY_SENT_NO_REPORT] = { "sent_no_report",
				      "resend",
				      { "SMS отправлено. Если не пришло, запросите ещё раз через "
					"минуту.",
					"Đã gửi. Nếu chưa nhận, thử lại sau 1 phút.",
					"Sent. If nothing came, ask again in a minute." },
				      { "SMS отправлено, отчёта о доставке нет.",
					"Đã gửi, chưa có báo cáo nhận tin.",
					"Sent. No delivery report has come." } },
	[DELIVERY_DELIVERED_NOT_ENTERED] = { "delivered_not_entered",
					     "wait",
					     { "SMS доставлено. Посмотрите папку «Спам».",
					       "Đã gửi tới máy. Xem mục tin rác.",
					       "Delivered. Look in the spam folder." },
					     { NULL } },
	[DELIVERY_PHONE_UNREACHABLE] = { "phone_unreachable",
					 "resend",
					 { "Телефон выключен или вне сети. Включите и запросите "
					   "код снова.",
					   "Máy tắt hoặc ngoài vùng phủ sóng. Bật máy rồi thử lại.",
					   "Phone off or out of coverage. Switch on and retry." },
					 { "Телефон выключен или вне сети.",
					   "Máy tắt hoặc ngoài vùng phủ sóng.",
					   "Phone off or out of coverage." } },
	[DELIVERY_PHONE_MEMORY_FULL] = { "phone_memory_full",
					 "resend",
					 { "Память SMS заполнена. Удалите старые сообщения.",
					   "Bộ nhớ SMS đầy. Hãy xoá bớt tin.",
					   "SMS memory is full. Delete old messages." },
					 { NULL } },
	[DELIVERY_NUMBER_MAYBE_MISTYPED] = { "number_maybe_mistyped",
					     "edit",
					     { "Похоже, в номере ошибка. Проверьте цифры.",
					       "Có thể bạn nhập sai số. Hãy kiểm tra.",
					       "The number looks wrong. Check the digits." },
					     { NULL } },
	[DELIVERY_BLOCKED_BY_OPERATOR] = { "blocked_by_recipient_operator",
					   "other_channel",
					   { "Оператор не пропустил SMS. Снимите запрет рассылок "
					     "или выберите другой способ.",
					     "Nhà mạng chặn tin. Hãy chọn cách khác.",
					     "Your carrier blocked it. Use another way." },
					   { "Оператор не пропустил SMS.", "Nhà mạng chặn tin.",
					     "The recipient's carrier blocked it." } },
	[DELIVERY_GATEWAY_TROUBLE] = { "gateway_trouble",
				       "other_channel",
				       { "Временная неполадка у нас. Попробуйте через 10 минут.",
					 "Lỗi tạm thời. Thử lại sau 10 phút.",
					 "Temporary fault on our side. Retry in 10 min." },
				       { NULL } },
	[DELIVERY_EXPIRED] = { "expired",
			       "resend",
			       { "Срок кода истёк. Запросите новый.", "Mã đã hết hạn. Lấy mã mới.",
				 "The code expired. Get a new one." },
			       { "SMS не успели отправить вовремя.", "Không gửi kịp thời hạn.",
				 "It could not be sent in time." } },
	[DELIVERY_SUPERSEDED_CODE] = { "superseded_code",
				       "retype",
				       { "Это код из прежнего SMS. Введите последний.",
					 "Đây là mã cũ. Nhập mã mới nhất.",
					 "That is an earlier code. Enter the latest." },
				       { NULL } },
	[DELIVERY_NUMBER_BOUND_ELSEWHERE] = { "number_bound_elsewhere",
					      "other_number",
					      { "Номер уже привязан к другой учётной записи.",
						"Số này đã gắn với tài khoản khác.",
						"The number belongs to another account." },
					      { NULL } },
	[DELIVERY_LOCKED] = { "locked",
			      "wait",
			      { "Слишком много неверных кодов. Запросите новый позже.",
				"Nhập sai quá nhiều. Lấy mã mới sau.",
				"Too many wrong codes. Get a new one later." },
			      { NULL } },
	[DELIVERY_TOO_MANY_SENDS] = { "too_many_sends",
				      "wait",
				      { "Слишком много запросов. Подождите {wait}.",
					"Quá nhiều yêu cầu. Chờ {wait}.",
					"Too many requests. Wait {wait}." },
				      { NULL } },
	[DELIVERY_PREFIX_SUSPENDED] = { "prefix_suspended",
					"support",
					{ "Сейчас отправить код нельзя. Попробуйте позже.",
					  "Hiện chưa gửi được. Thử lại sau.",
					  "We cannot send now. Try later." },
					{ NULL } },
	[DELIVERY_CHANNEL_NOT_AVAILABLE] = { "channel_not_available",
					     "other_channel",
					     { "Этот способ недоступен. Выберите другой.",
					       "Cách này không dùng được. Hãy chọn cách khác.",
					       "This way is not available. Use another one." },
					     { NULL } },
	[DELIVERY_NUMBER_INVALID] = { "number_invalid",
				      "edit",
				      { "Проверьте номер: такого номера не бывает.",
					"Số không hợp lệ, hãy kiểm tra lại.",
					"Check the number: it is not valid." },
				      { NULL } },
	[DELIVERY_NOT_A_MOBILE] = { "not_a_mobile",
				    "other_number",
				    { "На этот номер нельзя прислать SMS.",
				      "Số này không nhận được SMS.",
				      "This number cannot receive SMS." },
				    { NULL } },
	[DELIVERY_COUNTRY_NOT_ALLOWED] = { "country_not_allowed",
					   "other_channel",
					   { "Для этой страны SMS не отправляются.",
					     "Chưa gửi SMS tới quốc gia này.",
					     "SMS to this country is not offered." },
					   { NULL } },
};
_Static_assert(ARRAY_LEN(rows) == DELIVERY_COUNT, "each reason has its words");

const char *advice_language_name(enum advice_language language)
{
	static const char *const names[ADVICE_LANGUAGES] = { "ru", "vi", "en" };

	return names[language];
}

const char *delivery_reason_name(enum delivery_reason reason)
{
	return rows[reason].reason;
}

const char *advice_next_step(enum delivery_reason reason)
{
	return rows[reason].next_step;
}

/* "90 с", "5 мин", "3 ч": the short forms need no plurals. Rounded up. */
static void format_wait(int64_t ms, enum advice_language language, char *out, size_t size)
{
	static const struct {
		int64_t until_ms, unit_ms;
		const char *name[ADVICE_LANGUAGES];
	} units[] = {
		{ 2 * 60 * 1000, 1000, { "с", "giây", "s" } },
		{ 2 * 60 * 60 * 1000, 60 * 1000, { "мин", "phút", "min" } },
		{ INT64_MAX, 60 * 60 * 1000, { "ч", "giờ", "h" } },
	};
	size_t i = 0;

	while (ms >= units[i].until_ms)
		i++;
	snprintf(out, size, "%lld %s", (long long)((ms + units[i].unit_ms - 1) / units[i].unit_ms),
		 units[i].name[language]);
}

void advice_words(enum delivery_reason reason, enum advice_language language, bool of_code,
		  int64_t wait_ms, char out[static ADVICE_SIZE])
{
	const char *words = of_code || rows[reason].other[language] == NULL
				    ? rows[reason].code[language]
				    : rows[reason].other[language];
	const char *slot = strstr(words, "{wait}");
	char wait[32];

	if (slot == NULL) {
		snprintf(out, ADVICE_SIZE, "%s", words);
		return;
	}
	format_wait(wait_ms, language, wait, sizeof(wait));
	snprintf(out, ADVICE_SIZE, "%.*s%s%s", (int)(slot - words), words, wait,
		 slot + strlen("{wait}"));
}

/* Reasons of a field that are the number's; others say that the request is wrong, not its user. */
static enum delivery_reason of_field(const char *reason)
{
	static const struct {
		const char *reason;
		enum delivery_reason means;
	} fields[] = {
		{ "not_a_mobile", DELIVERY_NOT_A_MOBILE },
		{ "country_not_allowed", DELIVERY_COUNTRY_NOT_ALLOWED },
		{ "number_old_form", DELIVERY_NUMBER_MAYBE_MISTYPED },
		{ "gateway_number", DELIVERY_NUMBER_MAYBE_MISTYPED },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].reason, reason) == 0)
			return fields[i].means;
	return strncmp(reason, "number_", 7) == 0 ? DELIVERY_NUMBER_INVALID : DELIVERY_NONE;
}

enum delivery_reason advice_of_refusal(const struct refusal *why)
{
	static const struct {
		enum reason reason;
		enum delivery_reason means;
	} reasons[] = {
		{ REASON_LOCKED, DELIVERY_LOCKED },
		{ REASON_NUMBER_LOCKED, DELIVERY_LOCKED },
		{ REASON_TOO_SOON, DELIVERY_TOO_MANY_SENDS },
		{ REASON_LIMIT_REACHED, DELIVERY_TOO_MANY_SENDS },
		{ REASON_CALL_PENDING, DELIVERY_TOO_MANY_SENDS },
		{ REASON_PREFIX_SUSPENDED, DELIVERY_PREFIX_SUSPENDED },
		{ REASON_CHANNEL_NOT_AVAILABLE, DELIVERY_CHANNEL_NOT_AVAILABLE },
		{ REASON_GATEWAY_NOT_READY, DELIVERY_GATEWAY_TROUBLE },
		{ REASON_QUEUE_FULL, DELIVERY_GATEWAY_TROUBLE },
		{ REASON_NUMBER_BOUND_ELSEWHERE, DELIVERY_NUMBER_BOUND_ELSEWHERE },
		{ REASON_CODE_EXPIRED, DELIVERY_EXPIRED },
	};

	if (why->reason == REASON_FIELD)
		return of_field(why->field_reason);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].reason == why->reason)
			return reasons[i].means;
	return DELIVERY_NONE;
}
