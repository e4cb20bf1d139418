/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XenStore paths: which are valid and how they relate. */
#pragma once

#include "types.h"

/* "/local/domain/<id>", where a connection's relative paths begin, with its NUL. */
#define XS_HOME_MAX sizeof("/local/domain/4294967295")

/* Absolute, no empty component, no trailing '/', valid characters, at most
 * XENSTORE_ABS_PATH_MAX. */
bool xs_path_valid(const char *path);
/* What follows "/local/domain/<id>/" is at most XENSTORE_REL_PATH_MAX: unprivileged domains are
 * held to it. */
bool xs_path_within_quota(const char *path);

/* path is top or below it. */
bool xs_path_covers(const char *top, const char *path);

/* The next component of *path, which moves past it; 0 at the end. */
size_t xs_path_next(const char **path, const char **ret_name);
/* Length of the parent's path; 1 for "/" and its children. */
size_t xs_path_parent_len(const char *path);

/* Decimal or 0x hex, nothing else around it. */
bool xs_parse_u64(const char *text, uint64_t *ret);
/* Decimal digits only, at most max. */
bool xs_parse_uint(const char *text, uint64_t max, uint64_t *ret);
