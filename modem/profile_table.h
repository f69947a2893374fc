/* profile_table.h - the rows that profile.c searches, the more special first. */
#pragma once

#include "modem/profile.h"

extern const struct profile profile_table[];
extern const size_t profile_table_size;
