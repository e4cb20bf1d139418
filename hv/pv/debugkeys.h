/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host asks hv about itself and its guest, through the store (kanzen-abi.h
 * KZ_STORE_DEBUG_KEYS, KZ_STORE_STATS_ASK). */
#pragma once

struct domain;

/* 0 or -XEN_ENOMEM. */
int debugkeys_init(struct domain *d);

/* One key's work, with the big lock held; it writes to the log. */
typedef void debugkey_fn(struct domain *d);
debugkey_fn evtchn_dump; /* evtchn-dump.c */
debugkey_fn grant_dump;  /* grant-dump.c */
