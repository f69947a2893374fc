/* verification_model.h - the rules of a verification once more, as plainly as can be: lists and
 * loops over them, no database, nothing of service/. Where it and the rules differ, one is wrong.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { M_ACCOUNTS = 3, M_NUMBERS = 3, M_PURPOSES = 3, M_MAX = 400, M_CODES = 64, M_CODE = 16 };
enum { M_REGISTER, M_LOGIN, M_CHANGE };

static const int64_t m_second = 1000, m_minute = 60000, m_hour = 3600000, m_day = 86400000;

enum m_answer {
	M_OK,
	M_WRONG,
	M_SUPERSEDED,
	M_LOCKED,
	M_NUMBER_LOCKED,
	M_TOO_SOON,
	M_LIMIT,
	M_BOUND,
	M_SECOND_NUMBER,
	M_NOT_FOUND,
	M_MALFORMED,
	M_APPROVED_ALREADY,
	M_CANCELED,
	M_FINAL,
	M_EXPIRED_CODE,
};

enum m_state { M_PENDING, M_APPROVED, M_CANCELED_STATE, M_EXPIRED_STATE };
enum m_sms { M_NONE, M_QUEUED, M_SENT, M_FAILED, M_GONE };

/* Times, in the order in which they came. */
struct m_times {
	int64_t at[M_MAX];
	size_t n;
};

struct m_verification {
	int account, number, purpose;
	enum m_state state;
	char codes[M_CODES][M_CODE];   /* the last is the current one */
	size_t n_codes, n_never_left;  /* of them */
	int64_t code_at, submitted_at; /* submitted_at 0: not so far */
	enum m_sms sms;                /* of the current code */
};

/* Every SMS that ever was asked for. */
struct m_send {
	int account, number;
	int verification;
	enum m_sms sms;
	int64_t made_at, left_at;
};

struct model {
	int64_t now;
	struct m_verification verifications[M_MAX];
	size_t n_verifications;
	struct m_send sends[M_MAX];
	size_t n_sends;
	struct m_times wrong_pair[M_ACCOUNTS][M_NUMBERS], wrong_number[M_NUMBERS];
	int64_t lock_pair[M_ACCOUNTS][M_NUMBERS], lock_number[M_NUMBERS];
	int owner[M_NUMBERS]; /* the account, -1: nobody */
	int64_t wait_ms;      /* of the last refusal for which time is the remedy */
};

/* ---- times ---- */

static inline void m_add(struct m_times *times, int64_t at)
{
	times->at[times->n++] = at;
}

static inline size_t m_count(const struct m_times *times, int64_t now, int64_t window)
{
	size_t n = 0;

	for (size_t i = 0; i < times->n; i++)
		n += times->at[i] > now - window;
	return n;
}

/* When one more than these would be within max a window; 0: at once. Waiting ones stand as now. */
static inline int64_t m_room_at(const struct m_times *times, int64_t now, size_t max,
				int64_t window)
{
	int64_t at = now;

	for (;;) {
		int64_t first_out = INT64_MAX;

		if (m_count(times, at, window) < max)
			return at == now ? 0 : at;
		for (size_t i = 0; i < times->n; i++)
			if (times->at[i] > at - window && times->at[i] + window < first_out)
				first_out = times->at[i] + window;
		at = first_out;
	}
}

static inline enum m_answer m_wait(struct model *m, int64_t until, enum m_answer answer)
{
	m->wait_ms = until - m->now;
	return answer;
}

/* ---- what is known ---- */

static inline int m_number_of(const struct model *m, int account)
{
	for (int number = 0; number < M_NUMBERS; number++)
		if (m->owner[number] == account)
			return number;
	return -1;
}

static inline int64_t m_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A code lives ten minutes from its making, and five from its submitting. */
static inline int64_t m_expires_at(const struct m_verification *v)
{
	int64_t latest = v->code_at + 10 * m_minute;

	return v->submitted_at == 0 ? latest : m_min(latest, v->submitted_at + 5 * m_minute);
}

/* The wait grows with codes that left, and one that may. */
static inline int64_t m_resend_at(const struct m_verification *v)
{
	static const int64_t waits[] = { 60, 120, 300 };
	size_t n = v->n_codes - v->n_never_left, i = n < 3 ? n - 1 : 2;

	return v->code_at + waits[i] * m_second;
}

static inline enum m_state m_state_of(const struct model *m, const struct m_verification *v)
{
	return v->state == M_PENDING && m->now >= m_expires_at(v) ? M_EXPIRED_STATE : v->state;
}

static inline size_t m_entries_left(const struct model *m, int account, int number)
{
	size_t wrong = m_count(&m->wrong_pair[account][number], m->now, m_hour);

	return m->lock_pair[account][number] > m->now || wrong >= 5 ? 0 : 5 - wrong;
}

/* 0: not locked. */
static inline int64_t m_number_locked_until(const struct model *m, int number)
{
	const struct m_times *wrong = &m->wrong_number[number];
	int64_t until = m->lock_number[number] > m->now ? m->lock_number[number] : 0;
	int64_t day = m_room_at(wrong, m->now, 25, m_day);
	int64_t month = m_room_at(wrong, m->now, 100, 30 * m_day);

	until = day > until ? day : until;
	return month > until ? month : until;
}

/* Sends to the number (of the account; -1: of any) that left or may leave. What waits for the
 * verification that would go on is canceled by its next code, and counts no send. */
static inline void m_sends(const struct model *m, int account, int number, int goes_on,
			   struct m_times *times)
{
	times->n = 0;
	for (size_t i = 0; i < m->n_sends; i++) {
		const struct m_send *send = &m->sends[i];

		if (send->number != number || (account >= 0 && send->account != account))
			continue;
		if (send->sms == M_QUEUED && send->verification == goes_on)
			continue;
		if (send->sms == M_QUEUED)
			m_add(times, m->now);
		else if (send->sms == M_SENT)
			m_add(times, send->left_at);
	}
}

static inline int64_t m_send_room_at(const struct model *m, int account, int number, int goes_on,
				     size_t hourly)
{
	struct m_times times;
	int64_t hour, day;

	m_sends(m, account, number, goes_on, &times);
	hour = m_room_at(&times, m->now, hourly, m_hour);
	day = m_room_at(&times, m->now, 10, m_day);
	return day > hour ? day : hour;
}

/* ---- what happens ---- */

static inline void m_sms_becomes(struct model *m, size_t verification, enum m_sms sms)
{
	struct m_verification *v = &m->verifications[verification];

	for (size_t i = m->n_sends; i-- > 0;)
		if (m->sends[i].verification == (int)verification) {
			m->sends[i].sms = sms;
			m->sends[i].left_at = m->now;
			break;
		}
	v->sms = sms;
}

static inline void m_drop_sms(struct model *m, size_t verification)
{
	if (m->verifications[verification].sms == M_QUEUED)
		m_sms_becomes(m, verification, M_GONE);
}

static inline void m_end(struct model *m, size_t verification, enum m_state state)
{
	m->verifications[verification].state = state;
	m_drop_sms(m, verification);
}

/* SMS that cannot be in time any more: a third of the life must be left. */
static inline void m_sweep(struct model *m)
{
	for (size_t i = 0; i < m->n_verifications; i++) {
		struct m_verification *v = &m->verifications[i];

		if (v->sms == M_QUEUED && m->now > v->code_at + 500 * m_second)
			m_sms_becomes(m, i, M_GONE);
	}
}

static inline bool m_may_leave(const struct model *m, size_t verification)
{
	const struct m_verification *v = &m->verifications[verification];

	return v->sms == M_QUEUED && m->now <= v->code_at + 500 * m_second;
}

static inline void m_leave(struct model *m, size_t verification, bool sent)
{
	m->verifications[verification].submitted_at = m->now;
	m_sms_becomes(m, verification, sent ? M_SENT : M_FAILED);
}

/* May a code be sent? *found: the verification that goes on, or -1. */
static inline enum m_answer m_ask(struct model *m, int account, int number, int purpose, int *found)
{
	int held = m_number_of(m, account);
	int64_t until;

	*found = -1;
	if (m->lock_pair[account][number] > m->now)
		return m_wait(m, m->lock_pair[account][number], M_LOCKED);
	if (purpose != M_CHANGE && held >= 0 && held != number)
		return M_SECOND_NUMBER;
	for (size_t i = 0; i < m->n_verifications; i++) {
		struct m_verification *v = &m->verifications[i];

		if (v->account == account && v->number == number && v->purpose == purpose &&
		    v->state == M_PENDING)
			*found = (int)i;
	}
	if (*found >= 0 && m_state_of(m, &m->verifications[*found]) == M_EXPIRED_STATE) {
		m_end(m, (size_t)*found, M_EXPIRED_STATE);
		*found = -1;
	}
	if (*found >= 0 && m->now < m_resend_at(&m->verifications[*found]))
		return m_wait(m, m_resend_at(&m->verifications[*found]), M_TOO_SOON);
	until = m_room_at(&m->wrong_pair[account][number], m->now, 5, m_hour);
	if (until != 0)
		return m_wait(m, until, M_LOCKED);
	until = m_number_locked_until(m, number);
	if (until != 0)
		return m_wait(m, until, M_NUMBER_LOCKED);
	until = m_send_room_at(m, account, number, *found, 5);
	if (until != 0)
		return m_wait(m, until, M_LIMIT);
	until = m_send_room_at(m, -1, number, *found, 6);
	return until != 0 ? m_wait(m, until, M_LIMIT) : M_OK;
}

/* The code that was sent, after m_ask said yes. Returns the verification. */
static inline size_t m_sent(struct model *m, int account, int number, int purpose, int found,
			    const char *code)
{
	size_t i = found >= 0 ? (size_t)found : m->n_verifications++;
	struct m_verification *v = &m->verifications[i];

	if (found < 0)
		*v = (struct m_verification){
			.account = account, .number = number, .purpose = purpose, .state = M_PENDING
		};
	m_drop_sms(m, i);
	v->n_never_left += v->n_codes > 0 && v->sms == M_GONE;
	strcpy(v->codes[v->n_codes++], code);
	v->code_at = m->now;
	v->submitted_at = 0;
	v->sms = M_QUEUED;
	m->sends[m->n_sends++] = (struct m_send){ .account = account,
						  .number = number,
						  .verification = (int)i,
						  .sms = M_QUEUED,
						  .made_at = m->now };
	return i;
}

/* A success forgives the pair's entries, and those for the number that are older than a day. */
static inline void m_forgive(struct model *m, const struct m_verification *v, bool old_ones)
{
	struct m_times *number = &m->wrong_number[v->number];
	size_t kept = 0;

	m->wrong_pair[v->account][v->number].n = 0;
	for (size_t i = 0; i < number->n && old_ones; i++)
		if (number->at[i] >= m->now - m_day)
			number->at[kept++] = number->at[i];
	if (old_ones)
		number->n = kept;
}

static inline enum m_answer m_approve(struct model *m, size_t verification)
{
	struct m_verification *v = &m->verifications[verification];
	int held = m_number_of(m, v->account);

	if (m->owner[v->number] >= 0 && m->owner[v->number] != v->account) {
		m_forgive(m, v, false);
		return M_BOUND;
	}
	if (held >= 0 && held != v->number && v->purpose != M_CHANGE) {
		m->wrong_pair[v->account][v->number].n--; /* nothing of it is kept */
		return M_SECOND_NUMBER;
	}
	if (held >= 0 && v->purpose == M_CHANGE)
		m->owner[held] = -1;
	if (held == v->number || v->purpose != M_LOGIN)
		m->owner[v->number] = v->account;
	m_end(m, verification, M_APPROVED);
	m_forgive(m, v, true);
	return M_OK;
}

static inline enum m_answer m_judge(struct model *m, size_t verification, const char *code)
{
	struct m_verification *v = &m->verifications[verification];

	m_add(&m->wrong_pair[v->account][v->number], m->now);
	if (strcmp(v->codes[v->n_codes - 1], code) == 0)
		return m_approve(m, verification);
	m_add(&m->wrong_number[v->number], m->now);
	if (m_count(&m->wrong_number[v->number], m->now, m_hour) >= 10)
		m->lock_number[v->number] = m->now + m_hour;
	for (size_t i = 0; i + 1 < v->n_codes; i++)
		if (strcmp(v->codes[i], code) == 0)
			return M_SUPERSEDED;
	return M_WRONG;
}

static inline enum m_answer m_check(struct model *m, size_t verification, int account,
				    const char *code)
{
	struct m_verification *v = &m->verifications[verification];
	int64_t *lock = &m->lock_pair[v->account][v->number];
	int64_t until;

	if (account != v->account)
		return M_NOT_FOUND;
	if (strlen(code) != 6)
		return M_MALFORMED;
	if ((v->state == M_PENDING || v->state == M_EXPIRED_STATE) && *lock > m->now)
		return m_wait(m, *lock, M_LOCKED);
	if (v->state == M_APPROVED)
		return M_APPROVED_ALREADY;
	if (v->state == M_CANCELED_STATE)
		return M_CANCELED;
	if (m_state_of(m, v) == M_EXPIRED_STATE)
		return M_EXPIRED_CODE;
	if (m_entries_left(m, v->account, v->number) == 0) {
		*lock = m->now + m_hour;
		return m_wait(m, *lock, M_LOCKED);
	}
	until = m_number_locked_until(m, v->number);
	if (until != 0)
		return m_wait(m, until, M_NUMBER_LOCKED);
	return m_judge(m, verification, code);
}

static inline enum m_answer m_cancel(struct model *m, size_t verification)
{
	if (m->verifications[verification].state == M_APPROVED)
		return M_APPROVED_ALREADY;
	if (m_state_of(m, &m->verifications[verification]) == M_EXPIRED_STATE)
		return M_FINAL;
	m_end(m, verification, M_CANCELED_STATE);
	return M_OK;
}

static inline enum m_answer m_unbind(struct model *m, int account, int number)
{
	if (m->owner[number] != account)
		return M_NOT_FOUND;
	m->owner[number] = -1;
	return M_OK;
}
