/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "encryption.h"

#include <string.h>

#include "handler-util.h"
#include "pool-type.h"
#include "xml-util.h"

static const char *const formats[] = { "default", "qcow", "luks", "luks2", "luks-any", NULL };

void encryption_free(Encryption *e)
{
    if (e == NULL)
        return;
    g_free(e->secret_uuid);
    g_free(e->secret_usage);
    g_free(e->cipher);
    g_free(e->cipher_mode);
    g_free(e->cipher_hash);
    g_free(e->ivgen);
    g_free(e->ivgen_hash);
    g_free(e);
}

static gboolean parse_secret(Encryption *e, xmlNodePtr node, GError **error)
{
    xmlNodePtr secret = xml_find(node, "secret");
    g_autofree char *type = xml_attribute(node, "secret", "type");
    guint8 uuid[XDR_UUID_LEN];

    if (secret == NULL)
        return TRUE;
    if (xml_next(secret) != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "an encryption with more than one secret is not supported");
    if (type == NULL || strcmp(type, "passphrase") != 0)
        return fail(error, VIR_ERR_XML_ERROR, "unknown volume encryption secret type '%s'",
                    type != NULL ? type : "");
    e->secret_uuid = xml_attribute(secret, "", "uuid");
    e->secret_usage = xml_attribute(secret, "", "usage");
    if ((e->secret_uuid != NULL) == (e->secret_usage != NULL))
        return fail(error, VIR_ERR_XML_ERROR,
                    "an encryption's secret has either a uuid or a usage");
    return e->secret_uuid == NULL || uuid_from_text(e->secret_uuid, uuid) ||
           fail(error, VIR_ERR_XML_ERROR, "malformed volume encryption uuid '%s'", e->secret_uuid);
}

/* Names of ciphers and hashes go to qemu-img as parts of one option. */
static gboolean check_word(const char *word, GError **error)
{
    for (const char *p = word; p != NULL && *p != '\0'; p++) {
        if (!g_ascii_isalnum(*p) && *p != '-')
            return fail(error, VIR_ERR_XML_ERROR, "malformed word '%s' of an encryption", word);
    }
    return TRUE;
}

static gboolean parse_cipher(Encryption *e, xmlNodePtr node, GError **error)
{
    g_autofree char *size = xml_attribute(node, "cipher", "size");
    guint64 bits = 0;

    e->cipher = xml_attribute(node, "cipher", "name");
    e->cipher_mode = xml_attribute(node, "cipher", "mode");
    e->cipher_hash = xml_attribute(node, "cipher", "hash");
    e->ivgen = xml_attribute(node, "ivgen", "name");
    e->ivgen_hash = xml_attribute(node, "ivgen", "hash");
    if (xml_find(node, "cipher") != NULL) {
        if (e->cipher == NULL)
            return fail(error, VIR_ERR_XML_ERROR,
                        "volume encryption cipher does not specify a 'name'");
        if (size == NULL)
            return fail(error, VIR_ERR_XML_ERROR,
                        "volume encryption cipher does not specify a 'size'");
        if (!g_ascii_string_to_unsigned(size, 10, 1, 4096, &bits, NULL))
            return fail(error, VIR_ERR_XML_ERROR, "malformed cipher size '%s'", size);
    }
    e->cipher_size = (guint)bits;
    if (xml_find(node, "ivgen") != NULL && e->ivgen == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing ivgen info name string");
    return check_word(e->cipher, error) && check_word(e->cipher_mode, error) &&
           check_word(e->cipher_hash, error) && check_word(e->ivgen, error) &&
           check_word(e->ivgen_hash, error);
}

Encryption *encryption_parse(xmlNodePtr node, GError **error)
{
    g_autoptr(Encryption) e = g_new0(Encryption, 1);
    g_autofree char *format = xml_attribute(node, "", "format");

    e->format = format != NULL ? word_find(formats, format) : NULL;
    if (e->format == NULL) {
        fail(error, VIR_ERR_XML_ERROR, "unknown volume encryption format type %s",
             format != NULL ? format : "");
        return NULL;
    }
    if (!parse_secret(e, node, error) || !parse_cipher(e, node, error))
        return NULL;
    return g_steal_pointer(&e);
}

static void attribute(GString *xml, const char *name, const char *value)
{
    if (value != NULL)
        xml_append(xml, " %s='%s'", name, value);
}

void encryption_format(GString *xml, const Encryption *e, const char *indent)
{
    if (e == NULL)
        return;
    xml_append(xml, "%s<encryption format='%s'>\n", indent, e->format);
    if (e->secret_uuid != NULL || e->secret_usage != NULL) {
        xml_append(xml, "%s  <secret type='passphrase'", indent);
        attribute(xml, "uuid", e->secret_uuid);
        attribute(xml, "usage", e->secret_usage);
        xml_append(xml, "/>\n");
    }
    if (e->cipher != NULL) {
        xml_append(xml, "%s  <cipher name='%s' size='%u'", indent, e->cipher, e->cipher_size);
        attribute(xml, "mode", e->cipher_mode);
        attribute(xml, "hash", e->cipher_hash);
        xml_append(xml, "/>\n");
    }
    if (e->ivgen != NULL) {
        xml_append(xml, "%s  <ivgen name='%s'", indent, e->ivgen);
        attribute(xml, "hash", e->ivgen_hash);
        xml_append(xml, "/>\n");
    }
    xml_append(xml, "%s</encryption>\n", indent);
}
