/* verify.h - how verifications and contact requests are shown. */
#pragma once

#include <jansson.h>

void print_verification(const json_t *verification);
void print_contact(const json_t *contact);
