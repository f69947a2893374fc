/* spec.h - what may stand in the file, and what holds where nothing stands. Private to config/. */
#pragma once

#include "config/read.h"

extern const struct conf_group spec_root; /* of struct config */
extern const struct config spec_defaults;
extern const struct config_site spec_site_defaults;
extern const struct config_modem spec_modem_defaults;

conf_read spec_read_templates; /* of struct config_site */

/* The groups that are checked as a whole. */
void spec_finish_client(struct conf_reader *reader, const config_setting_t *setting, void *client);
void spec_finish_site(struct conf_reader *reader, const config_setting_t *setting, void *site);
void spec_finish_modem(struct conf_reader *reader, const config_setting_t *setting, void *modem);
void spec_finish_root(struct conf_reader *reader, const config_setting_t *setting, void *config);
