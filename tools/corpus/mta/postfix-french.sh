# SPDX-License-Identifier: Apache-2.0
LANGUAGE=french
. "$here/mta/postfix-templates.include"
