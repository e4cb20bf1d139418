/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk's data is and how they are reached: what QEMU's drivers for the protocols take. */
#include "complete.h"

#include <string.h>

#define PROTOCOL(name) (1U << DOMAIN_DISK_PROTOCOL_##name)
#define CURL           (PROTOCOL(HTTP) | PROTOCOL(HTTPS) | PROTOCOL(FTP) | PROTOCOL(FTPS))

static gboolean has_auth(const DomainDisk *disk)
{
    return domain_disk_auth(disk) != NULL;
}

static gboolean has_tls(const DomainDisk *disk)
{
    return g_strcmp0(disk->tls, "yes") == 0 || disk->tls_hostname != NULL;
}

static gboolean has_ssl_verify(const DomainDisk *disk)
{
    return disk->ssl_verify != DOMAIN_ABSENT;
}

static gboolean has_cookies(const DomainDisk *disk)
{
    return disk->cookies->len > 0;
}

static gboolean has_readahead(const DomainDisk *disk)
{
    return disk->readahead != 0;
}

static gboolean has_timeout(const DomainDisk *disk)
{
    return disk->timeout != 0;
}

static gboolean has_reconnect(const DomainDisk *disk)
{
    return disk->reconnect != 0;
}

static gboolean has_identity(const DomainDisk *disk)
{
    return disk->nfs_user != NULL || disk->nfs_group != NULL;
}

/* What only some protocols know. */
static const struct {
    const char *path;
    gboolean (*is_given)(const DomainDisk *disk);
    guint protocols;
} options[] = {
    { "auth", has_auth, PROTOCOL(ISCSI) | PROTOCOL(RBD) | CURL },
    { "source/@tls", has_tls, PROTOCOL(NBD) },
    { "source/ssl", has_ssl_verify, PROTOCOL(HTTPS) | PROTOCOL(FTPS) },
    { "source/cookies", has_cookies, PROTOCOL(HTTP) | PROTOCOL(HTTPS) },
    { "source/readahead", has_readahead, CURL },
    { "source/timeout", has_timeout, CURL },
    { "source/reconnect", has_reconnect, PROTOCOL(NBD) },
    { "source/identity", has_identity, PROTOCOL(NFS) },
};

static gboolean check_options(const DomainDisk *disk, guint number, GError **error)
{
    guint protocol = disk->type == DOMAIN_DISK_NETWORK ? 1U << disk->protocol : 0;

    for (guint i = 0; i < G_N_ELEMENTS(options); i++)
        if (options[i].is_given(disk) && !(options[i].protocols & protocol))
            return fail_check(error, UNSUPPORTED,
                              "not supported for a disk of this kind "
                              "(/domain/devices/disk[%u]/%s)",
                              number, options[i].path);
    return TRUE;
}

/* A secret is of the kind that its protocol needs. */
static gboolean check_auth(const DomainDisk *disk, guint number, GError **error)
{
    const DomainDiskAuth *auth = domain_disk_auth(disk);
    const char *expected = disk->protocol == DOMAIN_DISK_PROTOCOL_RBD     ? "ceph"
                           : disk->protocol == DOMAIN_DISK_PROTOCOL_ISCSI ? "iscsi"
                                                                          : NULL;

    if (auth == NULL || expected == NULL || g_strcmp0(auth->secret_type, expected) == 0)
        return TRUE;
    return fail_check(error, SYNTAX,
                      "invalid secret type '%s' (/domain/devices/disk[%u]/auth/secret/@type)",
                      auth->secret_type != NULL ? auth->secret_type : "", number);
}

static gboolean check_encryption(const DomainDisk *disk, guint number, GError **error)
{
    const DomainEncryption *encryption = domain_disk_encryption(disk);
    gboolean rbd = disk->type == DOMAIN_DISK_NETWORK && disk->protocol == DOMAIN_DISK_PROTOCOL_RBD;
    gboolean raw = g_strcmp0(disk->driver_type, "raw") == 0;
    const char *why = NULL;

    if (encryption == NULL)
        return TRUE;
    gboolean librbd = g_strcmp0(encryption->engine, "librbd") == 0;
    if (librbd && (!rbd || !raw))
        why = "the engine 'librbd' is for raw images of RBD";
    else if (!librbd && strcmp(encryption->format, "luks") != 0)
        why = "QEMU's own engine knows the format 'luks' only";
    else if (disk->type == DOMAIN_DISK_DIR || (!raw && g_strcmp0(disk->driver_type, "qcow2") != 0))
        why = "only raw and qcow2 images can be encrypted";
    else if (disk->transient)
        why = "what a transient disk has written is not encrypted";
    return why == NULL ||
           fail_check(error, UNSUPPORTED, "%s (/domain/devices/disk[%u]/encryption)", why, number);
}

gboolean check_disk_source(const DomainDisk *disk, guint number, GError **error)
{
    return check_options(disk, number, error) && check_auth(disk, number, error) &&
           check_encryption(disk, number, error);
}
