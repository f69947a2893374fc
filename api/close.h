/* close.h - how the server goes down. */
#pragma once

#include "api/api_private.h"

/* After each turn of libmicrohttpd: goes on with closing when nothing is open any more. */
void api_close_step(struct api *api);
