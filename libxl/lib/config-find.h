/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kxl-config.h"

/* The place of a disk, nic or memory device in a configuration, -1: none. */
int kxl_config_find_disk(const KxlDomainConfig *config, int devid);
int kxl_config_find_nic(const KxlDomainConfig *config, int devid);
int kxl_config_find_memory(const KxlDomainConfig *config, const char *model, int devid);
