//go:build tools

// Package tools pins the S3 server that the tests run; scripts/install-systems.ts builds it.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
