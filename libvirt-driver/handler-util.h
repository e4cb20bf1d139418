/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What most handlers need. */
#pragma once

#include "handlers.h"
#include "kanzend.h"
#include "rpc/client.h"

G_BEGIN_DECLS

/* FALSE with VIR_ERR_INVALID_ARG when flags has bits outside known. */
gboolean check_flags(const RpcCall *call, guint32 flags, guint32 known, GError **error);
/* Sets VIR_ERROR with libvirt's number and the detail; returns FALSE. */
#define fail(error, code, ...) fail_from(error, ERRORS_FROM, code, __VA_ARGS__)
gboolean fail_from(GError **error, VirErrorFrom from, VirErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* A file whose errors are of one subsystem, whatever was called, says so before it includes
 * this. */
#ifndef ERRORS_FROM
#define ERRORS_FROM VIR_FROM_NONE
#endif

/* The flag of calls with typed parameters: strings may be among them. */
#define TYPED_PARAM_STRING_OKAY 4u

#define UUID_TEXT_LEN 37
/* 16 bytes as 36 characters and a NUL; and back (FALSE: not a UUID). */
void uuid_to_text(const guint8 *uuid, char *text);
gboolean uuid_from_text(const char *text, guint8 *ret_uuid);
/* As uuid_to_text(), of the network, pool or filter whose handle is args[0]; returns text. */
const char *call_uuid(const RpcCall *call, char *text);
/* A UUID that was checked already, as its 16 bytes; after its name: the handle of a network, a
 * pool or a filter. */
void put_uuid(GByteArray *out, const char *uuid);
void put_named_handle(GByteArray *out, const char *name, const char *uuid);

/* An array of file descriptors, closed with it but for those that are -1. */
GArray *fds_new(void);

G_END_DECLS
