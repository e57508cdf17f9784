# SPDX-License-Identifier: Apache-2.0
LANGUAGE=polish
. "$here/mta/postfix-templates.include"
