# SPDX-License-Identifier: Apache-2.0
LANGUAGE=japanese
. "$here/mta/postfix-templates.include"
