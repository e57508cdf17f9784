# SPDX-License-Identifier: Apache-2.0
LANGUAGE=german
. "$here/mta/postfix-templates.include"
