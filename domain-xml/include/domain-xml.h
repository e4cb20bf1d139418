/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mapping: libvirt domain XML <-> DomainDef <-> KxlDomainConfig <-> xl.cfg. Pure functions of
 * their arguments: no files, processes, clocks or globals (defaults that need the host come in
 * through DomainXmlCaps).
 */
#pragma once

#include <kxl-config.h>
#include "domain-def.h"

G_BEGIN_DECLS

#define DOMAIN_XML_ERROR (domain_xml_error_quark ())
GQuark domain_xml_error_quark (void);
/* The libvirt error code each stands for. Messages name the element's path and line, and are what
 * libvirt shows after its prefix for the code ("XML error: ", "unsupported configuration: "): who
 * maps the code adds the prefix. */
typedef enum {
    DOMAIN_XML_ERROR_SYNTAX,      /* a part is missing or a value is wrong: VIR_ERR_XML_ERROR 27 */
    DOMAIN_XML_ERROR_DETAIL,      /* not well-formed; the XML parser's words: VIR_ERR_XML_DETAIL
                                     35 */
    DOMAIN_XML_ERROR_UNSUPPORTED, /* libvirt knows it, we cannot do it: VIR_ERR_CONFIG_UNSUPPORTED
                                     67 */
    DOMAIN_XML_ERROR_CONF_SYNTAX, /* xl.cfg text: VIR_ERR_CONF_SYNTAX 33 */
    DOMAIN_XML_ERROR_CONF_VALUE,  /* xl.cfg: an option's value is wrong; VIR_ERR_INTERNAL_ERROR 1,
                                     as libvirt has it */
    DOMAIN_XML_ERROR_INVALID_ARG, /* VIR_ERR_INVALID_ARG 8 */
    DOMAIN_XML_ERROR_SCHEMA,      /* PARSE_VALIDATE: unknown part; VIR_ERR_XML_INVALID_SCHEMA 92 */
    DOMAIN_XML_ERROR_NO_NAME,     /* VIR_ERR_NO_NAME 21; the message is what has none */
    DOMAIN_XML_ERROR_NO_TARGET,   /* VIR_ERR_NO_TARGET 20; the message is what has none */
    DOMAIN_XML_ERROR_COUNT
} DomainXmlErrorCode;

/* What the host offers, for defaults. All borrowed. */
typedef struct {
    const char *emulator;    /* "/usr/bin/qemu-system-x86_64" */
    const char *loader;      /* HVM loader written when none was given; NULL: none is */
    const char *nvram_dir;   /* where UEFI guests keep their variables when they do not say; NULL:
                                not said for them */
    char *(*expand_cpus)(const char *cpus, GError **error); /* the host's CPUs that a list of
                                                               xl.cfg's stands for ("node:0"), as
                                                               "0,2-3"; NULL: there is no host to
                                                               ask */
    gboolean allow_arguments; /* <xen:commandline>: arguments of the device model's own */
    gboolean for_conversion; /* only to be converted: what cannot be started here is not refused */
} DomainXmlCaps;

typedef enum {
    DOMAIN_XML_PARSE_NONE = 0,
    DOMAIN_XML_PARSE_INACTIVE = 1 << 0, /* ignore ids, aliases, ptys and other live-only parts */
    DOMAIN_XML_PARSE_VALIDATE = 1 << 1, /* refuse elements and attributes that nobody knows */
} DomainXmlParseFlags;
typedef enum {
    DOMAIN_XML_FORMAT_NONE = 0,
    DOMAIN_XML_FORMAT_SECURE = 1 << 0,   /* with passwords */
    DOMAIN_XML_FORMAT_INACTIVE = 1 << 1, /* without live-only parts */
    DOMAIN_XML_FORMAT_ACTUAL = 1 << 2,   /* for clients: interfaces of networks as what they are,
                                            not to be read again */
} DomainXmlFormatFlags;

/* Parses a <domain> document. Missing uuid, MACs and the like are left out: domain_def_complete()
 * adds them. */
DomainDef *domain_def_parse (const char *xml, DomainXmlParseFlags flags, GError **error);
char *domain_def_format (const DomainDef *def, DomainXmlFormatFlags flags);
/* Only the name and the UUID of what domain_def_format() wrote, which come first in it. FALSE: they
 * are not there. */
gboolean domain_def_peek (const char *xml, char **ret_name, char **ret_uuid);
/* Whether formatting it with and without FORMAT_SECURE differs. */
gboolean domain_def_has_secrets (const DomainDef *def);
/* Fills in what libvirt's define fills in (uuid, MACs, target buses, consoles, emulator, machine,
 * bootloader default of PV without kernel) and checks it. random: 16-byte source for uuid and MACs,
 * called as needed. */
gboolean domain_def_complete (DomainDef *def, const DomainXmlCaps *caps,
                              void (*random) (guint8 *buf, gsize len), GError **error);

/* DomainDef -> what libkxl starts. <interface type='network'> must have been resolved to a bridge
 * by the caller. */
KxlDomainConfig *domain_def_to_config (const DomainDef *def, GError **error);
/* What a domain made by xl looks like as XML; domain_def_complete() adds the rest. */
DomainDef *domain_def_from_config(const KxlDomainConfig *config, const DomainXmlCaps *caps,
                                  GError **error);

/* Whether an interface can be a virtual function of a network card: itself, or where its network
 * plugs it in. */
gboolean domain_interface_check_function(const DomainDef *def, const DomainInterface *interface,
                                         GError **error);

/* What only a running domain has, for domain_def_set_live(). All borrowed; arrays end with NULL and
 * may be NULL. */
typedef struct {
    int domid;
    const char *const *ifnames;     /* by interface; "": it has none; NULL: vif<domid>.<n> */
    const char *const *console_ttys; /* slave ptys of the PV consoles, or NULL; "" for one
                                        without */
    const char *const *serial_ttys; /* slave ptys by serial port, "": none; as the next two */
    const char *const *parallel_ttys;
    /* By port of virtio-serial: consoles, virtio channels, then Xen channels, each in the
     * document's order. */
    const char *const *port_ttys;
    const char *const *port_paths;  /* their sockets, as far as they are made for them; "": not */
    const char *vnc_address;        /* NULL: as configured */
    guint vnc_port;                 /* 0: none */
    guint vnc_websocket;            /* 0: none */
    const char *vnc_socket;         /* NULL: none */
    guint spice_port, spice_tls_port;
    guint vsock_cid;                /* 0: none */
} DomainLive;
/* Makes def the live definition of a running domain: id, aliases, interface names, ttys, sockets,
 * ports of displays. */
void domain_def_set_live (DomainDef *def, const DomainLive *live);

/* xl.cfg(5), and the Python-era xm files' straight-line subset. filename is for messages only
 * ("FILE:LINE:COLUMN: what"). warnings (may be NULL): a GPtrArray of char * that deprecated or
 * ignored options are added to. */
KxlDomainConfig *xl_cfg_parse(const char *text, const char *filename, GPtrArray *warnings,
                              GError **error);
char *xl_cfg_format (const KxlDomainConfig *config, GError **error);

/* virsh domxml-from-native and domxml-to-native. format: "xen-xl" or "xen-xm", else
 * DOMAIN_XML_ERROR_INVALID_ARG. What is read comes out complete (see domain_def_complete() for caps
 * and random); what is written must be. */
DomainDef *domain_def_from_native (const char *format, const char *text, const DomainXmlCaps *caps,
                                   void (*random) (guint8 *buf, gsize len), GError **error);
char *domain_def_to_native (const DomainDef *def, const char *format, GError **error);

G_END_DECLS
