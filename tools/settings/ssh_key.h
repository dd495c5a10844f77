/* SPDX-License-Identifier: Apache-2.0
 * Is it a line of authorized_keys (sshd(8)) with a public key? */
#ifndef SSH_KEY_H
#define SSH_KEY_H

/* What is wrong, to stand behind "ssh_key"; NULL: nothing. */
const char *ssh_key_fault(const char *line);

#endif
