/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients of a store under test, and scripts of requests for them. In all texts '|' stands for a
 * NUL byte. */
#pragma once

#include <glib.h>

#include "harness.h"
#include "xenstore.h"
#include <xen/io/xs_wire.h>

typedef struct {
    struct xs_conn *conn;
    char name;           /* in the events' text */
    GByteArray *out;     /* what the store sent, not looked at yet */
    gsize room;          /* what output still takes; G_MAXSIZE at first */
    GString *events;     /* "N:path:token " each */
    guint32 tx['Z' + 1]; /* transaction ids by letter */
} XsClient;

XsClient *xs_client_new(struct xenstore *xs, guint32 domid, char name);
void xs_client_free(XsClient *c);

/* The request as bytes of the wire. */
GByteArray *xs_request(guint32 type, guint32 tx_id, const char *payload);
/* Sends a request; returns the reply's payload, "!ERROR" for an error. Events go to c->events. */
char *xs_call(XsClient *c, guint32 type, guint32 tx_id, const char *payload);
/* Sorts what c->out holds into events and replies; returns the last reply or NULL. */
char *xs_client_take(XsClient *c);

typedef struct {
    char who; /* 'D': domain 0, 'E': another connection of domain 0, 'G': the guest */
    char tx;  /* a letter: in this transaction; at XS_TRANSACTION_START: its name from now on; 0:
                 none */
    guint32 type;
    const char *payload;
    const char *reply;  /* NULL: "OK|"; "#": any number */
    const char *events; /* all that arrived since the last row, of D, then E, then G; NULL: none */
} XsStep;

typedef struct {
    struct domain *d;
    struct xenstore *xs;
    XsClient *dom0, *dom0b, *guest;
} XsWorld;

/* A store with /local/domain/7 and its usual subdirectories, and the three clients. */
XsWorld *xs_world_new(void);
void xs_world_free(XsWorld *w);
XsClient *xs_world_client(XsWorld *w, char who);
void xs_world_run(XsWorld *w, const XsStep *steps); /* ended by a row without who */
