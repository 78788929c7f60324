# Where bundles, disclosures and the ledger of one auditing party lie, and who may do what with them: docs/storage.md.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  sealed = {
    bundles = "${var.name}-bundles"
    ledger  = "${var.name}-ledger"
  }
  disclosures = "${var.name}-disclosures"

  all = merge(
    { for purpose, bucket in aws_s3_bucket.sealed : purpose => bucket.id },
    { disclosures = aws_s3_bucket.disclosures.id }
  )

  arn = "arn:${data.aws_partition.current.partition}"

  # What the policies in policies/ leave open. Names, not references: a key's policy cannot name the key's users otherwise.
  names = {
    administrators     = var.administrators
    bundles_bucket     = "${local.arn}:s3:::${local.sealed.bundles}"
    ledger_bucket      = "${local.arn}:s3:::${local.sealed.ledger}"
    disclosures_bucket = "${local.arn}:s3:::${local.disclosures}"
    writers            = [for role in ["auditor-writer", "ledger-writer"] : "${local.arn}:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}-${role}"]
    key_readers        = [for role in ["reader", "witness"] : "${local.arn}:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}-${role}"]
    auditor            = "${local.arn}:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}-auditor-writer"
    root               = "${local.arn}:iam::${data.aws_caller_identity.current.account_id}:root"
    s3_service         = "s3.${data.aws_region.current.region}.amazonaws.com"
    retain_days        = var.retain_days
  }
}
