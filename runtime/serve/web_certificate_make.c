/* SPDX-License-Identifier: Apache-2.0
 * A certificate of the board's own (X.509 version 3, RFC 5280), signed by its own key, ECDSA on P-256. */
#include "base/log.h"
#include "serve/web_certificate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* Apple's systems refuse a certificate of more than 825 days, one that a user trusts too. ADDRESSES: of this machine,
 * at most. */
enum { DAY_S = 86400, DAYS = 823, ADDRESSES = 32, COMMON_NAME = 64 };

/* ---- the names that it holds for ---- */

static bool add(GENERAL_NAMES *list, int type, const void *bytes, size_t size) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (name && text && ASN1_STRING_set(text, bytes, (int)size)) {
        GENERAL_NAME_set0_value(name, type, text);
        text = NULL; /* it is the name's */
        if (sk_GENERAL_NAME_push(list, name)) return true;
    }
    ASN1_STRING_free(text);
    GENERAL_NAME_free(name);
    return false;
}

static bool add_name(void *user, const char *name) {
    struct in_addr v4;
    if (inet_pton(AF_INET, name, &v4) == 1) return add(user, GEN_IPADD, &v4, sizeof v4);
    return add(user, GEN_DNS, name, strlen(name));
}

/* Not those of IPv6 that hold for one link alone: browsers do not open them. */
static bool add_address(GENERAL_NAMES *list, const struct sockaddr *at) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)at;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)at;
    if (at && at->sa_family == AF_INET) return add(list, GEN_IPADD, &v4->sin_addr, sizeof v4->sin_addr);
    if (!at || at->sa_family != AF_INET6 || IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return true;
    return add(list, GEN_IPADD, &v6->sin6_addr, sizeof v6->sin6_addr);
}

static bool add_addresses(GENERAL_NAMES *list) {
    static const unsigned char v6_loopback[16] = {[15] = 1};
    struct ifaddrs *all = NULL;
    bool good = add(list, GEN_IPADD, "\x7f\0\0\1", 4) && add(list, GEN_IPADD, v6_loopback, sizeof v6_loopback);
    if (getifaddrs(&all)) all = NULL; /* the names are enough */
    int left = ADDRESSES;
    for (const struct ifaddrs *i = all; good && i && left; i = i->ifa_next)
        if (i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK)) good = add_address(list, i->ifa_addr), left--;
    freeifaddrs(all);
    return good;
}

static bool set_names(X509 *x, const struct web_names *names) {
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    bool good = list && web_names_each(names, add_name, list) && add_addresses(list) &&
                X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, 0) == 1;
    GENERAL_NAMES_free(list);
    return good;
}

/* ---- the rest of it ---- */

/* It is nobody else's issuer, and browsers that look for that refuse one that could be. */
static bool set_use(X509 *x) {
    static const struct {
        int id;
        const char *value;
    } uses[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                {NID_key_usage, "critical,digitalSignature"},
                {NID_ext_key_usage, "serverAuth"}};
    bool good = true;
    for (size_t i = 0; good && i < sizeof uses / sizeof uses[0]; i++) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, uses[i].id, uses[i].value);
        good = e && X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    return good;
}

/* Two certificates of one board and one number would be refused by Firefox. */
static bool set_number(X509 *x) {
    uint64_t number;
    if (RAND_bytes((unsigned char *)&number, sizeof number) != 1) return false;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), number >> 1 | UINT64_C(1) << 62);
}

/* From a day ago, as clocks differ. */
static bool set_time(X509 *x, time_t now) {
    return ASN1_TIME_set(X509_getm_notBefore(x), now - DAY_S) &&
           ASN1_TIME_set(X509_getm_notAfter(x), now + (time_t)DAYS * DAY_S);
}

static bool set_subject(X509 *x, const struct web_names *names) {
    const char *own = names->own[0] ? names->own : "ocelli";
    int size = (int)strnlen(own, COMMON_NAME);
    X509_NAME *name = X509_get_subject_name(x);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)own, size, -1, 0) &&
           X509_set_issuer_name(x, name);
}

/* The key comes first: GnuTLS looks for it in the first part of a text alone. */
static char *write_text(const X509 *x, const EVP_PKEY *key) {
    char *bytes, *text = NULL;
    BIO *to = BIO_new(BIO_s_mem());
    bool good = to && PEM_write_bio_PrivateKey(to, (EVP_PKEY *)(uintptr_t)key, NULL, NULL, 0, NULL, NULL) &&
                PEM_write_bio_X509(to, (X509 *)(uintptr_t)x);
    long size = good ? BIO_get_mem_data(to, &bytes) : 0;
    if (size > 0) text = strndup(bytes, (size_t)size);
    if (size > 0) explicit_bzero(bytes, (size_t)size);
    BIO_free(to);
    return text;
}

char *web_certificate_make(const struct web_names *names, time_t now) {
    X509 *x = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    bool good = x && key && X509_set_version(x, 2) && set_number(x) && set_time(x, now) && set_subject(x, names) &&
                X509_set_pubkey(x, key) && set_names(x, names) && set_use(x) && X509_sign(x, key, EVP_sha256()) > 0;
    char *text = good ? write_text(x, key) : NULL;
    if (!text) log_error("web: libcrypto makes no certificate: no memory, or no random numbers");
    X509_free(x);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return text;
}
