/* SPDX-License-Identifier: Apache-2.0
 * A certificate for HTTPS and its key, as files in PEM. */
#ifndef SERVE_WEB_CERTIFICATE_H
#define SERVE_WEB_CERTIFICATE_H

/* Reads both, and warns of a certificate that is over or not begun. free() both texts; NULL on error. Errors: FILE (no
 * PEM, key and certificate are not of each other, others may read the key), LIMIT, MEMORY. */
int web_certificate_read(const char *certificate_path, const char *key_path, char **certificate, char **key);

#endif
