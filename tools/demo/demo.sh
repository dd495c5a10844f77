#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tags the demo pictures. Usage: demo.sh OCELLI BLOB
here=$(dirname "$0")
"$1" info -m "$2" && echo && exec "$1" tag -m "$2" -T "$here/tags.ini" --top 3 "$here"/pictures/*.png
