/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Permissions of a node. */
#include "perms.h"
#include "alloc.h"
#include "path.h"
#include "printk.h"
#include "string.h"

static const char access_letter[] = {
    [0] = 'n', [XS_MAY_READ] = 'r', [XS_MAY_WRITE] = 'w', [XS_MAY_READ | XS_MAY_WRITE] = 'b'
};

struct xs_perms *xs_perms_new(uint32_t nr)
{
    struct xs_perms *p = kmalloc(sizeof(*p) + nr * sizeof(p->entry[0]));

    if (p) {
        p->refs = 1;
        p->nr = nr;
    }
    return p;
}

struct xs_perms *xs_perms_ref(struct xs_perms *p)
{
    p->refs++;
    return p;
}

void xs_perms_put(struct xs_perms *p)
{
    if (p && --p->refs == 0)
        kfree(p);
}

struct xs_perms *xs_perms_with_owner(struct xs_perms *p, uint32_t domid)
{
    struct xs_perms *copy;

    if (p->entry[0].domid == domid)
        return xs_perms_ref(p);
    copy = xs_perms_new(p->nr);
    if (!copy)
        return NULL;
    memcpy(copy->entry, p->entry, p->nr * sizeof(p->entry[0]));
    copy->entry[0].domid = domid;
    return copy;
}

uint32_t xs_perms_access(const struct xs_perms *p, uint32_t domid)
{
    if (domid == 0 || p->entry[0].domid == domid)
        return XS_MAY_READ | XS_MAY_WRITE | XS_MAY_OWN;
    for (uint32_t i = 1; i < p->nr; i++) {
        if (p->entry[i].domid == domid)
            return p->entry[i].access;
    }
    return p->entry[0].access;
}

bool xs_perm_parse(const char *text, struct xs_perm *ret)
{
    for (uint32_t access = 0; access < ARRAY_SIZE(access_letter); access++) {
        uint64_t domid;

        if (text[0] != access_letter[access])
            continue;
        if (!xs_parse_uint(text + 1, UINT32_MAX, &domid))
            return false;
        *ret = (struct xs_perm){ (uint32_t)domid, access };
        return true;
    }
    return false;
}

size_t xs_perm_format(const struct xs_perm *perm, char *buf)
{
    return (size_t)snprintk(buf, XS_PERM_TEXT_MAX, "%c%u", access_letter[perm->access],
                            perm->domid);
}
