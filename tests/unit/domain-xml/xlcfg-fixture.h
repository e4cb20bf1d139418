/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of xl.cfg share. */
#pragma once

#include "domain-xml.h"

#define XLCFG_MINIMAL "name = 'minimal'\nkernel = '/boot/vmlinuz'\nmemory = 64\n"

/* What is parsed is written so that it is parsed alike. */
void xlcfg_assert_round_trip(const KxlDomainConfig *config);

/* Parses text, which must be right. */
KxlDomainConfig *xlcfg_parse_ok(const char *text);
/* The configuration as JSON without any blanks, to look for parts in. New string. */
char *xlcfg_packed_json(const KxlDomainConfig *config);
