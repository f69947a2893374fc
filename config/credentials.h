/* credentials.h - files that systemd hands over (LoadCredential=) stand in for configured ones.
 *
 * "key" for key_file, "pin_NAME" for the pin_file of the modem NAME. */
#pragma once

#include <stdbool.h>

struct conf_reader;

/* Does path lie in the folder of credentials? systemd may show these as 0440: the group bits are
 * then the mask of an ACL for one user, and the folder is closed to all others. */
bool credentials_own(const char *path);

/* Where there is a credential of that name, *path is its path. Private to config/. */
void credentials_take(struct conf_reader *reader, const char *prefix, const char *name,
		      const char **path);
