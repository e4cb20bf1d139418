/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of KxlDomainConfig (kxl-config.h). */
#pragma once

#include "field.h"

extern const KxlType kxl_type_domain_config;
extern const KxlType kxl_type_device_disk;
extern const KxlType kxl_type_device_nic;
