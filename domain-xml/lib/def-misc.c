/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* More small devices: rng, tpm, panic, vsock, shmem, crypto, smartcard. */
#include "def-classes.h"
#include "domain-xml.h"

#include <string.h>

/* Character devices that need an address, and how it is said. */
static const char *const socket_types[] = { "", "tcp", "udp", "unix", NULL };
static const char *const other_socket_types[] = {
    "pty", "file", "null", "dev", "pipe", "stdio", "vc", "spicevmc", "spiceport", "nmdm", NULL,
};
static const char *const protocols[] = { "", "raw", "telnet", NULL };
static const char *const other_protocols[] = { "telnets", "tls", NULL };

/* ---- rng ---- */

static const char *const rng_backends[] = { "", "random", "builtin", "egd", NULL };

static gboolean is_egd(const void *object)
{
    return g_strcmp0(((const DomainRng *)object)->backend, "egd") == 0;
}

static gboolean is_not_egd(const void *object)
{
    return !is_egd(object);
}

#define F(field) offsetof(DomainRng, field)
static const XmlRow rng_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = domain_virtio_models },
    { "rate/@bytes", XML_UINT, F(rate_bytes) },
    { "rate/@period", XML_UINT, F(rate_period) },
    { "backend/@model", XML_STRING, F(backend), XML_REQUIRED, .words = rng_backends },
    { "backend", XML_STRING, F(path), .when = is_not_egd },
    { "backend/@type", XML_STRING, F(type), XML_REQUIRED, .words = socket_types,
      .refused = other_socket_types, .when = is_egd },
    { "backend/source", XML_LIST, F(sources), .item = &domain_char_source_class, .when = is_egd },
    { "backend/protocol/@type", XML_STRING, F(protocol), .words = protocols,
      .refused = other_protocols, .when = is_egd },
    { "backend/log", XML_REFUSED },
    DEVICE_VIRTIO_ROWS(DomainRng),
    DEVICE_ALIAS_ACPI_ROW(DomainRng),
    DEVICE_ADDRESS_ROW(DomainRng),
};
#undef F

static gboolean rng_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainRng *rng = object;

    if (rng->backend == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing RNG device backend");
        return FALSE;
    }
    if (is_egd(rng) && rng->sources->len == 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing source of the egd RNG backend");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_rng_class, DomainRng, rng_rows, rng_check)

/* ---- tpm ---- */

static const char *const tpm_models[] = { "", "tpm-tis", "tpm-crb", NULL };
static const char *const other_tpm_models[] = { "tpm-spapr", "spapr-tpm-proxy", NULL };
static const char *const tpm_backends[] = { "", "emulator", "passthrough", "external", NULL };
static const char *const tpm_versions[] = { "", "1.2", "2.0", NULL };
static const char *const tpm_source_types[] = { "", "unix", NULL };
static const char *const other_tpm_source_types[] = { "tcp", "udp", "pty", "file", "dev", NULL };
static const char *const tpm_source_modes[] = { "", "connect", NULL };

static gboolean tpm_is(const void *object, const char *backend)
{
    return g_strcmp0(((const DomainTpm *)object)->backend, backend) == 0;
}

static gboolean is_external(const void *object)
{
    return tpm_is(object, "external");
}

static gboolean is_not_external(const void *object)
{
    return !is_external(object);
}

#define F(field) offsetof(DomainTpm, field)
static const XmlRow tpm_rows[] = {
    { "@model", XML_STRING, F(model), .words = tpm_models, .refused = other_tpm_models },
    { "backend/@type", XML_STRING, F(backend), XML_REQUIRED, .words = tpm_backends },
    { "backend/@version", XML_STRING, F(version), .words = tpm_versions },
    { "backend/@persistent_state", XML_WORD, F(persistent_state), .words = xml_yes_no },
    { "backend/device/@path", XML_STRING, F(path), .when = is_not_external },
    { "backend/source/@type", XML_STRING, F(source_type), .words = tpm_source_types,
      .refused = other_tpm_source_types, .when = is_external },
    { "backend/source/@mode", XML_STRING, F(source_mode), .words = tpm_source_modes,
      .when = is_external },
    { "backend/source/@path", XML_STRING, F(source_path), .when = is_external },
    { "backend/encryption", XML_REFUSED },
    { "backend/active_pcr_banks", XML_REFUSED },
    DEVICE_ALIAS_ROW(DomainTpm),
    DEVICE_ADDRESS_ROW(DomainTpm),
};
#undef F

static gboolean tpm_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainTpm *tpm = object;

    if (tpm->backend == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing TPM device backend type");
        return FALSE;
    }
    if (is_external(tpm) && tpm->source_path == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing socket source path for TPM 'external' backend");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_tpm_class, DomainTpm, tpm_rows, tpm_check)

/* ---- panic, vsock ---- */

static const char *const panic_models[] = { "", "isa", "pvpanic", NULL };
static const char *const other_panic_models[] = { "hyperv", "pseries", "s390", NULL };

#define F(field) offsetof(DomainPanic, field)
static const XmlRow panic_rows[] = {
    { "@model", XML_STRING, F(model), .words = panic_models, .refused = other_panic_models },
    DEVICE_ALIAS_ROW(DomainPanic),
    DEVICE_ADDRESS_ROW(DomainPanic),
};
#undef F
XML_CLASS_DEFINE(domain_panic_class, DomainPanic, panic_rows, NULL)

/* It came after the transitional devices. */
static const char *const vsock_models[] = { "", "virtio", "virtio-non-transitional", NULL };
static const char *const other_vsock_models[] = { "virtio-transitional", NULL };

#define F(field) offsetof(DomainVsock, field)
static const XmlRow vsock_rows[] = {
    { "@model", XML_STRING, F(model), .words = vsock_models, .refused = other_vsock_models },
    { "cid/@auto", XML_WORD, F(auto_cid), .words = xml_yes_no },
    { "cid/@address", XML_UINT, F(cid) },
    DEVICE_VIRTIO_ROWS(DomainVsock),
    DEVICE_ALIAS_ACPI_ROW(DomainVsock),
    DEVICE_ADDRESS_ROW(DomainVsock),
};
#undef F

/* 0 to 2 are the hypervisor's, the loopback's and the host's (linux/vm_sockets.h). */
static gboolean vsock_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainVsock *vsock = object;

    if (vsock->cid != 0 && vsock->cid < 3) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "guest CIDs must be >= 3, not %u", vsock->cid);
        return FALSE;
    }
    if (vsock->auto_cid == DOMAIN_ABSENT)
        vsock->auto_cid = vsock->cid == 0 ? DOMAIN_YES : DOMAIN_NO;
    if (vsock->auto_cid == DOMAIN_NO && vsock->cid == 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing CID address of a vsock without an automatic one");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_vsock_class, DomainVsock, vsock_rows, vsock_check)

/* ---- iommu ---- */

static const char *const iommu_models[] = { "", "intel", "virtio", NULL };
static const char *const other_iommu_models[] = { "smmuv3", NULL };

#define F(field) offsetof(DomainIommu, field)
static const XmlRow iommu_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = iommu_models,
      .refused = other_iommu_models },
    { "driver/@intremap", XML_WORD, F(intremap), .words = xml_on_off },
    { "driver/@caching_mode", XML_WORD, F(caching_mode), .words = xml_on_off },
    { "driver/@eim", XML_WORD, F(eim), .words = xml_on_off },
    { "driver/@iotlb", XML_WORD, F(iotlb), .words = xml_on_off },
    { "driver/@aw_bits", XML_UINT, F(aw_bits) },
    DEVICE_ALIAS_ROW(DomainIommu),
    DEVICE_PLACE_ROW(DomainIommu),
};
#undef F
XML_CLASS_DEFINE(domain_iommu_class, DomainIommu, iommu_rows, NULL)

/* ---- shmem ---- */

static const char *const shmem_models[] = { "", "ivshmem-plain", "ivshmem-doorbell", NULL };
static const char *const other_shmem_models[] = { "ivshmem", NULL };
static const char *const shmem_roles[] = { "", "master", "peer", NULL };

#define F(field) offsetof(DomainShmem, field)
static const XmlRow shmem_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@role", XML_STRING, F(role), XML_KEPT, .words = shmem_roles },
    { "model/@type", XML_STRING, F(model), .words = shmem_models, .refused = other_shmem_models },
    { "size", XML_KIB, F(size_kib) },
    { "server/@path", XML_STRING, F(server) },
    { "msi/@enabled", XML_STRING, F(msi_enabled), .words = xml_on_off },
    { "msi/@vectors", XML_UINT, F(msi_vectors) },
    { "msi/@ioeventfd", XML_WORD, F(msi_ioeventfd), .words = xml_on_off },
    DEVICE_ALIAS_ROW(DomainShmem),
    DEVICE_ADDRESS_ROW(DomainShmem),
};
#undef F

/* Unlike the other sizes this one is in bytes when it has no unit. */
static gboolean size_has_no_unit(xmlNodePtr node)
{
    for (xmlNodePtr child = xmlFirstElementChild(node); child != NULL;
         child = xmlNextElementSibling(child))
        if (xmlStrEqual(child->name, BAD_CAST "size"))
            return xmlHasProp(child, BAD_CAST "unit") == NULL;
    return FALSE;
}

/* The name becomes a file's in /dev/shm. */
static gboolean shmem_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainShmem *shmem = object;
    const char *why = NULL;

    if (size_has_no_unit(node))
        shmem->size_kib /= 1024;
    if (strchr(shmem->name, '/') != NULL || strcmp(shmem->name, ".") == 0 ||
        strcmp(shmem->name, "..") == 0 || *shmem->name == '\0')
        why = "shmem name cannot be empty, '.', '..' or contain '/'";
    else if (shmem->model == NULL)
        why = "shmem model 'ivshmem', the default, is not supported: ivshmem-plain and "
              "ivshmem-doorbell are";
    else if (strcmp(shmem->model, "ivshmem-plain") == 0 && shmem->size_kib == 0)
        why = "missing size of an ivshmem-plain shmem";
    else if (strcmp(shmem->model, "ivshmem-doorbell") == 0 && shmem->server == NULL)
        why = "missing server path of an ivshmem-doorbell shmem";
    if (why != NULL)
        xml_error(error,
                  shmem->model == NULL ? DOMAIN_XML_ERROR_UNSUPPORTED : DOMAIN_XML_ERROR_SYNTAX,
                  node, NULL, "%s", why);
    return why == NULL;
}
XML_CLASS_DEFINE(domain_shmem_class, DomainShmem, shmem_rows, shmem_check)

/* ---- crypto ---- */

static const char *const crypto_models[] = { "", "virtio", NULL };
static const char *const crypto_types[] = { "", "qemu", NULL };
static const char *const crypto_backends[] = { "", "builtin", NULL };
static const char *const other_crypto_backends[] = { "lkcf", NULL };

#define F(field) offsetof(DomainCrypto, field)
static const XmlRow crypto_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = crypto_models },
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = crypto_types },
    { "backend/@model", XML_STRING, F(backend), XML_REQUIRED, .words = crypto_backends,
      .refused = other_crypto_backends },
    { "backend/@queues", XML_UINT, F(queues) },
    DEVICE_ALIAS_ROW(DomainCrypto),
    DEVICE_ADDRESS_ROW(DomainCrypto),
};
#undef F
XML_CLASS_DEFINE(domain_crypto_class, DomainCrypto, crypto_rows, NULL)

/* ---- smartcard ---- */

static const char *const smartcard_modes[] = { "", "host", "host-certificates", "passthrough",
                                               NULL };
static const char *const smartcard_types[] = { "", "tcp", "unix", "spicevmc", NULL };
static const char *const other_smartcard_types[] = {
    "pty", "file", "null", "dev", "pipe", "stdio", "vc", "udp", "spiceport", "nmdm", NULL,
};

static gboolean smartcard_is(const void *object, const char *mode)
{
    return g_strcmp0(((const DomainSmartcard *)object)->mode, mode) == 0;
}

static gboolean is_passthrough(const void *object)
{
    return smartcard_is(object, "passthrough");
}

static gboolean has_certificates(const void *object)
{
    return smartcard_is(object, "host-certificates");
}

#define F(field) offsetof(DomainParameter, field)
static const XmlRow certificate_rows[] = {
    { ".", XML_STRING, F(name) },
};
#undef F
XML_CLASS_DEFINE(domain_certificate_class, DomainParameter, certificate_rows, NULL)

#define F(field) offsetof(DomainSmartcard, field)
static const XmlRow smartcard_rows[] = {
    { "@mode", XML_STRING, F(mode), XML_REQUIRED, .words = smartcard_modes },
    { "@type", XML_STRING, F(type), .words = smartcard_types, .refused = other_smartcard_types,
      .when = is_passthrough },
    { "source", XML_LIST, F(sources), .item = &domain_char_source_class, .when = is_passthrough },
    { "protocol/@type", XML_STRING, F(protocol), .words = protocols, .refused = other_protocols,
      .when = is_passthrough },
    { "certificate", XML_LIST, F(certificates), .item = &domain_certificate_class,
      .when = has_certificates },
    { "database", XML_STRING, F(database), .when = has_certificates },
    { "log", XML_REFUSED },
    { "target", XML_REFUSED },
    DEVICE_ALIAS_ROW(DomainSmartcard),
    DEVICE_ADDRESS_ROW(DomainSmartcard),
};
#undef F

static gboolean smartcard_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainSmartcard *card = object;
    gboolean needs_source = is_passthrough(card) && g_strcmp0(card->type, "spicevmc") != 0;
    const char *why = NULL;

    if (has_certificates(card) && card->certificates->len != 3)
        why = "host-certificates mode needs exactly three certificates";
    else if (is_passthrough(card) && card->type == NULL)
        why = "passthrough mode requires a character device type attribute";
    else if (needs_source && card->sources->len == 0)
        why = "missing source of a smartcard's character device";
    if (why != NULL)
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "%s", why);
    return why == NULL;
}
XML_CLASS_DEFINE(domain_smartcard_class, DomainSmartcard, smartcard_rows, smartcard_check)
