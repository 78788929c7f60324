# Bundles and ledger: versioned and locked in compliance mode. Disclosures: neither, so that deleting deletes.

resource "aws_s3_bucket" "sealed" {
  for_each            = local.sealed
  bucket              = each.value
  object_lock_enabled = true
  tags                = var.tags
}

resource "aws_s3_bucket" "disclosures" {
  bucket = local.disclosures
  tags   = var.tags
}

resource "aws_s3_bucket_versioning" "sealed" {
  for_each = aws_s3_bucket.sealed
  bucket   = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "sealed" {
  for_each = aws_s3_bucket_versioning.sealed
  bucket   = each.value.bucket

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.retain_days
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "sealed" {
  for_each = aws_s3_bucket.sealed
  bucket   = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.sealed.arn
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "disclosures" {
  bucket = aws_s3_bucket.disclosures.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.disclosures.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each                = local.all
  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.all
  bucket   = each.value

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "sealed" {
  for_each = aws_s3_bucket.sealed
  bucket   = each.value.id

  rule {
    id     = "uploads-that-were-never-completed"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "disclosures" {
  bucket = aws_s3_bucket.disclosures.id

  rule {
    id     = "uploads-that-were-never-completed"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = var.disclosures_days == null ? [] : [var.disclosures_days]

    content {
      id     = "disclosures-that-are-no-longer-needed"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_policy" "sealed" {
  for_each = aws_s3_bucket.sealed
  bucket   = each.value.id
  policy   = templatefile("${path.module}/policies/bucket-sealed.json", merge(local.names, { bucket = each.value.arn }))

  depends_on = [aws_s3_bucket_public_access_block.all]
}

resource "aws_s3_bucket_policy" "disclosures" {
  bucket = aws_s3_bucket.disclosures.id
  policy = templatefile("${path.module}/policies/bucket-disclosures.json", local.names)

  depends_on = [aws_s3_bucket_public_access_block.all]
}
