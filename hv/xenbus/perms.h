/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Permissions of a node: the first entry names the owner, who may do everything, and the access of
 * those not listed; the others name a domain's own access. Immutable once made, shared by reference
 * count.
 */
#pragma once

#include "types.h"

#define XS_MAY_READ  1U
#define XS_MAY_WRITE 2U
#define XS_MAY_OWN   4U

/* "b4294967295" and its NUL. */
#define XS_PERM_TEXT_MAX 12

struct xs_perm {
    uint32_t domid;
    uint32_t access;
};

struct xs_perms {
    uint32_t refs;
    uint32_t nr;
    struct xs_perm entry[];
};

/* NULL: no memory. The caller fills the entries. */
struct xs_perms *xs_perms_new(uint32_t nr);
struct xs_perms *xs_perms_ref(struct xs_perms *p);
void xs_perms_put(struct xs_perms *p); /* NULL is a no-op */

/* The same permissions with another owner. */
struct xs_perms *xs_perms_with_owner(struct xs_perms *p, uint32_t domid);

/* What domid may do: XS_MAY_READ | XS_MAY_WRITE | XS_MAY_OWN. Domain 0 may do everything. */
uint32_t xs_perms_access(const struct xs_perms *p, uint32_t domid);

/* One entry of text, "n0", "r5", "w5" or "b5". */
bool xs_perm_parse(const char *text, struct xs_perm *ret);
/* Writes one entry as text to buf (XS_PERM_TEXT_MAX bytes); returns its length without the NUL. */
size_t xs_perm_format(const struct xs_perm *perm, char *buf);
