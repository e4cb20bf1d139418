/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hv's xenbus, grant and event code is to a back end, in the test's hands: nodes in a table, a grant for each
 * guest page, one event channel.
 */
#pragma once

#include "backend.h"
#include "harness.h"
#include <glib.h>

#define FAKE_DEVID    3U
#define FAKE_NR_PORTS 8U
/* Grant references are pfn + FAKE_REF_BASE; all pages are granted read-write at first. */
#define FAKE_REF_BASE 1000U

struct fake_backend {
    struct backend_dev dev;
    unsigned int nr_errors;      /* backend_error() */
    unsigned int nr_fails;       /* backend_fail() */
    unsigned int nr_touched;     /* backend_touch_state() */
    char last_error[256];
    unsigned int nr_notified[FAKE_NR_PORTS]; /* evtchn_notify_guest() */
    unsigned int nr_bound;
};
extern struct fake_backend fake_backend;

void fake_backend_init(struct domain *d, const struct backend_type *type);
void fake_backend_clear(void);

void fake_frontend_set(const char *key, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void fake_backend_set(const char *key, const char *value);
/* Of the back end's directory; NULL: absent. */
const char *fake_backend_get(const char *key);
/* The guest sends on the port. */
void fake_guest_send(uint32_t port);

enum fake_grant { FAKE_GRANT_NONE, FAKE_GRANT_READ, FAKE_GRANT_WRITE };
void fake_grant_set(uint32_t ref, enum fake_grant kind);
/* Makes it a sub-page grant. */
void fake_grant_limit(uint32_t ref, uint16_t offset, uint16_t length);
unsigned int fake_grants_in_use(void);
