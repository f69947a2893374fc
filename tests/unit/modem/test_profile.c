/* test_profile.c - which family a modem belongs to, and what its family says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/profile_table.h"

static const struct {
	const char *maker, *model, *profile;
	enum modem_family family;
	bool paced;
} modems[] = {
	{ "huawei", "E173", "huawei", FAMILY_GENERIC, false },
	{ "HUAWEI TECHNOLOGIES", "ME909s-120", "huawei", FAMILY_GENERIC, false },
	{ "ZTE CORPORATION", "MF190", "zte", FAMILY_GENERIC, false },
	{ "Quectel", "EC25", "quectel-lte", FAMILY_QUECTEL_LTE, false },
	{ "Quectel_Ltd", "Quectel_M95", "quectel-2g", FAMILY_SIMCOM_2G, false },
	{ "SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-lte", FAMILY_GENERIC, false },
	{ "SIMCOM INCORPORATED", "A7670E-FASE", "simcom-lte", FAMILY_GENERIC, false },
	{ "INCORPORATED", "A7670E-FASE", "simcom-lte", FAMILY_GENERIC, false },
	{ "SIMCOM INCORPORATED", "SIMCOM_SIM5320E", "simcom-lte", FAMILY_GENERIC, false },
	{ "SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-2g", FAMILY_SIMCOM_2G, false },
	{ "u-blox", "SARA-U270", "u-blox", FAMILY_GENERIC, false },
	{ "Telit", "LE910C1-EU", "telit", FAMILY_GENERIC, false },
	{ "Sierra Wireless, Incorporated", "MC7455", "sierra", FAMILY_WAVECOM, false },
	{ "WAVECOM MODEM", "MULTIBAND", "wavecom", FAMILY_WAVECOM, false },
	{ "Cinterion", "PLS8-E", "cinterion", FAMILY_GENERIC, false },
	{ "SIEMENS", "MC75", "cinterion", FAMILY_GENERIC, false },
	{ "ACME", "1", "generic", FAMILY_GENERIC, true },
	{ "", "", "generic", FAMILY_GENERIC, true },
	{ "Quectel", "BG96", "quectel-iot", FAMILY_QUECTEL_LTE, false },
	{ "u-blox", "SARA-R410M-02B", "u-blox-r4", FAMILY_GENERIC, false },
	{ "Huawei", "MU736", "huawei-module", FAMILY_GENERIC, false },
	{ "Ai Thinker Co.LTD", "A7", "ai-thinker", FAMILY_GENERIC, true },
};

static void finds_the_family(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modems); i++) {
		const struct profile *p = profile_find(modems[i].maker, modems[i].model);

		assert_string_equal(p->name, modems[i].profile);
		assert_int_equal(p->family, modems[i].family);
		assert_int_equal(profile_has(p, QUIRK_PACED), modems[i].paced);
		assert_non_null(profile_try(p, QUIRK_RESET, 0));
	}
}

static void lists_end_with_the_generic_ones(void **state)
{
	const struct profile *p = profile_find("Quectel", "EC25");
	size_t n = 0;

	(void)state;
	assert_string_equal(profile_try(p, QUIRK_ICCID, 0)->text, "AT+QCCID");
	assert_string_equal(profile_try(p, QUIRK_ICCID, 1)->text, "AT+CCID");
	assert_null(profile_quirk(p, QUIRK_ICCID, 1));
	while (profile_try(p, QUIRK_ICCID, n) != NULL)
		n++;
	assert_true(n > 3);
	assert_string_equal(profile_try(p, QUIRK_TRIES, 0)->text, "AT+QPINC?");
	assert_string_equal(profile_try(profile_generic(), QUIRK_TRIES, 0)->text,
			    "AT+CPINR=\"SIM PIN\"");
	assert_null(profile_try(profile_generic(), QUIRK_TRIES, 2));
}

static void every_quirk_has_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < profile_table_size; i++) {
		const struct profile *p = &profile_table[i];

		assert_true(p->n_quirks > 0);
		for (size_t k = 0; k < p->n_quirks; k++) {
			const struct quirk *quirk = &p->quirks[k];

			assert_true(strlen(quirk->reason) > 5);
			if (quirk->text != NULL)
				assert_int_equal(strncmp(quirk->text, "AT", 2), 0);
			assert_int_equal(quirk->kind == QUIRK_TRIES, quirk->prefix != NULL);
		}
	}
}

/* The counter's place differs by family (field notes 3.2). */
static const struct {
	const char *maker;
	size_t row;
	const char *line;
	int left;
} tries[] = {
	{ "huawei", 0, "^CPIN: SIM PIN,3,10,2,10,3", 2 },
	{ "Quectel", 0, "+QPINC: \"SC\",3,10", 3 },
	{ "Quectel", 0, "+QPINC: \"P2\",1,10", -1 },
	{ "SIMCOM", 0, "+SPIC: 3,10,3,10", 3 },
	{ "u-blox", 0, "+UPINCNT: 1,3,10,10", 1 },
	{ "Telit", 0, "#PCT: 3", 3 },
	{ "Sierra", 0, "+CPINC: 2,3,10,10", 2 },
	{ "Cinterion", 0, "^SPIC: 3", 3 },
	{ "", 0, "+CPINR: SIM PIN,2,3", 2 },
	{ "", 0, "+CPINRE: SIM PIN,3,3", 3 },
	{ "", 0, "+CPINR: \"SIM PIN\",1,3", 1 },
	{ "", 0, "+CPINR: SIM PUK,10,10", -1 }, /* not of the code that was asked for */
	{ "", 1, "+CSIM: 4,\"63C2\"", 2 },
	{ "", 1, "+CSIM: 4,\"6983\"", 0 },
	{ "", 1, "+CSIM: 4,\"9000\"", -1 },
	{ "", 0, "+CPINR: SIM PIN", -1 },
	{ "", 0, "+CPINR", -1 },
	{ "", 0, "OK", -1 },
	{ "u-blox", 0, "+UPINCNT: 99,3", -1 },
};

static void reads_pin_tries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		const struct profile *p = profile_find(tries[i].maker, "");

		assert_int_equal(profile_tries_left(profile_try(p, QUIRK_TRIES, tries[i].row),
						    tries[i].line),
				 tries[i].left);
	}
}

static void paces_get_slower(void **state)
{
	(void)state;
	assert_int_equal(profile_pace(0)->command_gap_ms, 0);
	assert_int_equal(profile_pace(0)->prompt_gap_ms, 0);
	assert_int_equal(profile_pace(PROFILE_PACE_START)->command_gap_ms, 20);
	assert_int_equal(profile_pace(PROFILE_PACE_START)->prompt_gap_ms, 50);
	for (unsigned i = 1; i < PROFILE_PACES; i++)
		assert_true(profile_pace(i)->prompt_gap_ms > profile_pace(i - 1)->prompt_gap_ms);
	assert_ptr_equal(profile_pace(99), profile_pace(PROFILE_PACES - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_family),
		cmocka_unit_test(lists_end_with_the_generic_ones),
		cmocka_unit_test(every_quirk_has_a_reason),
		cmocka_unit_test(reads_pin_tries),
		cmocka_unit_test(paces_get_slower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
