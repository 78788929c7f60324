# Two keys: who deletes the second makes every disclosure unreadable at once, and no bundle.

resource "aws_kms_key" "sealed" {
  description             = "Bundles and ledger of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = templatefile("${path.module}/policies/key-sealed.json", local.names)
  tags                    = var.tags
}

resource "aws_kms_key" "disclosures" {
  description             = "Disclosures of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = templatefile("${path.module}/policies/key-disclosures.json", local.names)
  tags                    = var.tags
}

resource "aws_kms_alias" "sealed" {
  name          = "alias/${var.name}-sealed"
  target_key_id = aws_kms_key.sealed.key_id
}

resource "aws_kms_alias" "disclosures" {
  name          = "alias/${var.name}-disclosures"
  target_key_id = aws_kms_key.disclosures.key_id
}
