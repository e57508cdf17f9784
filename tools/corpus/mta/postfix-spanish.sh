# SPDX-License-Identifier: Apache-2.0
LANGUAGE=spanish
. "$here/mta/postfix-templates.include"
